package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.runs.fake.BookRows.Point;
import dev.switchlab.runs.mirror.MirroredBook;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sweeps as processes, with children that are processes; the smallest is one experiment with several seeds. */
@Tag("slow")
class SweepCommandTest {

    private static final int INTERRUPTED = 128 + 2;
    private static final int TERMINATED = 128 + 15;
    private static final String PARENT = "mlflow.parentRunId";
    private static final String LOSS = "train/loss";
    private static final String SCORE = "final/cross_entropy";
    private static final String SETTINGS = "train.eval_batches=1 train.sample_every=0 train.sample_length=5"
            + " train.batch_size=4 train_fraction=0.99 train.steps=";
    private static final String OTHER = "extends: smoke\nmodel: {n_experts: 2}\n";

    @TempDir
    Path folder;

    private Commands commands;
    private BookRows book;
    private Path experiments;

    @BeforeEach
    void commands() throws IOException {
        commands = new Commands(folder);
        book = new BookRows(commands.runs());
        experiments = Files.createDirectories(folder.resolve("experiments"));
        Files.copy(Path.of("experiments/smoke.yaml"), experiments.resolve("smoke.yaml"));
        write(OTHER);
    }

    /** Writes the experiment {@code other}. */
    private void write(String text) throws IOException {
        Files.writeString(experiments.resolve("other.yaml"), text);
    }

    private String[] call(String command, String experiment, int steps, String... more) {
        List<String> call = new ArrayList<>(List.of(command, "--experiments", experiments.toString()));
        call.addAll(List.of("--experiment", experiment, "--set", SETTINGS + steps));
        call.addAll(List.of(more));
        return call.toArray(String[]::new);
    }

    private String[] sweep(String experiment, int steps, String... more) {
        return call("sweep", experiment, steps, more);
    }

    /** The oldest first. */
    private List<Run> runs() {
        try (MirroredBook store = commands.store()) {
            List<Run> runs = new ArrayList<>(store.book().runs(Optional.empty(), Integer.MAX_VALUE));
            Collections.reverse(runs);
            return runs;
        }
    }

    private static List<Run> childrenOf(Run parent, List<Run> runs) {
        return runs.stream()
                .filter(run -> parent.runId().equals(run.tags().get(PARENT)))
                .toList();
    }

    private List<Point> points(Run run, String metric) {
        return book.points(run.runId()).stream()
                .filter(point -> point.key().equals(metric))
                .toList();
    }

    /** Metrics but for those of the machine. */
    private static Map<String, Double> withoutLoad(Run run) {
        Map<String, Double> metrics = new LinkedHashMap<>(run.metrics());
        metrics.keySet().removeIf(MetricNames::isNotCompared);
        return metrics;
    }

    /** Rather than train something large that nobody asked for. */
    @Test
    void aSweepOfNothingNamesTheSweepFiles() throws Exception {
        assertThat(commands.refused("sweep", "--grid", "model.n_experts=1,2"))
                .isEqualTo(
                        "switchlab: a sweep needs SWEEP or EXPERIMENT, allowed: SWEEP=experts, or EXPERIMENT with GRID or"
                                + " SEEDS, for example: make sweep EXPERIMENT=smoke GRID=\"model.n_experts=1,2,4\" SEEDS=1..3");
        assertThat(commands.runs()).doesNotExist();
    }

    @Test
    void meanAndIntervalOfThreeSeeds() throws Exception {
        commands.succeed(call("train", "smoke", 12, "--seeds", "1,2,7", "--jobs", "1"));
        List<Run> runs = runs();
        assertThat(runs).hasSize(4).allMatch(Run::isFinished);
        Run parent = runs.get(0);
        List<Run> children = runs.subList(1, 4);

        assertThat(parent.name())
                .isEqualTo("eval_batches=1 sample_every=0 sample_length=5 batch_size=4 +2 seeds 1,2,7");
        assertThat(parent.params())
                .containsEntry("seeds", "1,2,7")
                .containsEntry("train.steps", "12")
                .doesNotContainKey("seed");
        assertThat(parent.tags())
                .containsEntry("switchlab.seeds", "3")
                .containsKeys("mlflow.source.git.commit", "switchlab.cpu")
                .doesNotContainKey(PARENT);
        assertThat(childrenOf(parent, runs)).isEqualTo(children);
        assertThat(children).extracting(run -> run.params().get("seed")).containsExactly("1", "2", "7");
        assertThat(children)
                .extracting(run -> run.name().replaceFirst(".* seed ", ""))
                .containsExactly("1", "2", "7");
        assertThat(children)
                .extracting(run -> run.tags().get("switchlab.weights_sha256"))
                .doesNotHaveDuplicates();

        for (String metric : List.of(SCORE, "final/bits_per_char", "final/accuracy")) {
            assertInterval(parent, metric, children, run -> run.metrics().get(metric));
        }
        assertInterval(parent, "final/train_cross_entropy", children, this::meanOfLastTen);
        assertThat(withoutLoad(parent)).hasSize(3 * 4 + 1).containsKey(SCORE + "_best");
        // Charts draw parent and children together: under one name, at one step.
        assertThat(points(parent, SCORE)).extracting(Point::step).containsExactly(12L);
        assertThat(children)
                .allSatisfy(
                        run -> assertThat(run.metrics()).containsKeys("final/train_cross_entropy", "final/accuracy"));

        String summary = commands.artifact(parent.runId(), "seeds.txt");
        assertThat(summary.lines()).hasSize(4);
        assertThat(summary)
                .contains(SCORE)
                .contains("(mean and 95 % interval of 3 seeds)")
                .contains("%.4f +- ".formatted(parent.metrics().get("final/accuracy")));
        assertThat(commands.output())
                .contains("\n" + summary, "\nparent run  " + parent.runId() + "\nlook at it  ")
                .endsWith("/runs?viewStateShareKey=switchlab&compareRunsMode=CHART\n");
        assertThat(commands.artifact(parent.runId(), "report.html"))
                .contains(children.stream().map(Run::name).toList());
    }

    /** Student's t for 95 % and two degrees of freedom, from a table; the sample's deviation over the root of three. */
    private static void assertInterval(Run parent, String metric, List<Run> children, ToDoubleFunction<Run> score) {
        double[] scores = children.stream().mapToDouble(score).toArray();
        double mean = (scores[0] + scores[1] + scores[2]) / 3;
        double variance = 0;
        for (double value : scores) {
            variance += (value - mean) * (value - mean) / 2;
        }
        double half = 4.302652729911275 * Math.sqrt(variance / 3);
        assertThat(half).as("half an interval of %s", metric).isPositive();
        Map<String, Double> metrics = parent.metrics();
        assertThat(metrics.get(metric)).as(metric).isCloseTo(mean, within(1e-12));
        assertThat(metrics.get(metric + "_ci95_low")).as(metric).isCloseTo(mean - half, within(1e-9));
        assertThat(metrics.get(metric + "_ci95_high")).as(metric).isCloseTo(mean + half, within(1e-9));
    }

    private double meanOfLastTen(Run run) {
        List<Point> points = points(run, "train/cross_entropy");
        assertThat(points).extracting(Point::step).startsWith(1L, 2L, 3L).hasSize(12);
        return points.subList(2, 12).stream()
                .mapToDouble(Point::value)
                .average()
                .orElseThrow();
    }

    /**
     * Parent, settings, children, as MLflow nests them; and a child is the run that {@code make train} makes of its
     * settings.
     */
    @Test
    void settingsAndSeedsOfTwoExperiments() throws Exception {
        commands.succeed(sweep("smoke other", 4, "--grid", "train.z_loss=0,0.001", "--seeds", "3"));
        List<Run> runs = runs();
        assertThat(runs).hasSize(1 + 4 + 4).allMatch(Run::isFinished);
        Run parent = runs.get(0);
        assertThat(parent.params())
                .containsEntry("grid", "train.z_loss=0,0.001")
                .containsEntry("seeds", "3");
        assertThat(parent.tags()).containsEntry("switchlab.seeds", "4").doesNotContainKeys("switchlab.setting", PARENT);
        assertThat(childrenOf(parent, runs)).hasSize(4).allSatisfy(setting -> {
            assertThat(setting.tags()).containsEntry("switchlab.seeds", "1").containsKey("switchlab.setting");
            assertThat(childrenOf(setting, runs)).singleElement().satisfies(child -> {
                assertThat(child.experiment()).isEqualTo(setting.experiment());
                assertThat(child.tags())
                        .containsEntry("switchlab.setting", setting.tags().get("switchlab.setting"))
                        .doesNotContainKey("switchlab.seeds");
                // One seed has a mean and no interval.
                assertThat(withoutLoad(setting))
                        .containsOnlyKeys(
                                "final/train_cross_entropy",
                                SCORE,
                                SCORE + "_best",
                                "final/bits_per_char",
                                "final/accuracy")
                        .containsEntry(SCORE, child.metrics().get(SCORE))
                        .containsEntry(SCORE + "_best", child.metrics().get(SCORE));
            });
        });
        double[] scores = runs.stream()
                .filter(run -> !run.isSummary())
                .mapToDouble(run -> run.metric(SCORE))
                .toArray();
        assertThat(parent.metric(SCORE))
                .isCloseTo(Arrays.stream(scores).average().orElseThrow(), within(1e-12));
        assertThat(parent.metric(SCORE + "_best"))
                .isEqualTo(Arrays.stream(scores).min().orElseThrow());
        assertThat(commands.output())
                .containsPattern("look at it +cd .*runs/" + parent.runId())
                .containsPattern("compare it +.*[?]viewStateShareKey=switchlab&compareRunsMode=CHART");
        assertThat(runs)
                .extracting(run -> run.tags().get("switchlab.sweep"))
                .containsOnly(parent.tags().get("switchlab.sweep"));
        assertThat(commands.artifact(parent.runId(), "report.html")).contains("other z_loss=0.001");
        try (Stream<Path> logs = Files.walk(commands.runs().resolve("sweeps"))) {
            assertThat(logs.filter(file -> file.toString().endsWith(".log")))
                    .as("what children printed")
                    .allSatisfy(log -> assertThat(log).hasContent(""));
        }

        Run child = runs.stream()
                .filter(run -> run.title().startsWith("other z_loss=0.001 ")
                        && !run.tags().containsKey("switchlab.seeds"))
                .findFirst()
                .orElseThrow();
        assertThat(child.experiment()).isEqualTo("other");
        assertThat(child.tags())
                .containsEntry("switchlab.setting", "train.z_loss=0.001")
                .hasEntrySatisfying(
                        "mlflow.note.content",
                        note -> assertThat(note)
                                .contains("make train EXPERIMENT=other SEED=3 SET='")
                                .contains("train.z_loss=0.001 train_fraction=0.99' THREADS=1"));
        commands.succeed(
                "train",
                "--experiments",
                experiments.toString(),
                "--experiment",
                "other",
                "--seed",
                "3",
                "--set",
                SETTINGS + "4 train.z_loss=0.001");
        StoredValues.assertSame(book, child.runId(), book, book.newest());
        assertThat(book.tags(book.newest())).doesNotContainKey(PARENT);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--grid     | model.heads=2,4 model.head=2 | model.head is not a setting; did you mean model.heads?",
                "--grid     | train.seq_len=32,900000      | validation split",
                "--launcher | cloud                        | LAUNCHER is 'cloud', allowed: local"
            })
    void errorsAreReportedInOneLineBeforeTheStart(String option, String value, String message) throws Exception {
        assertThat(commands.refused(sweep("smoke", 4, option, value))).contains(message);
        assertThat(commands.runs()).doesNotExist();
    }

    @Test
    void aDryRunPrintsEveryChildAndTheTimeItMayTake() throws Exception {
        String[] call = sweep("smoke", 4, "--grid", "model.n_experts=2,4", "--seeds", "1..2", "--dry-run");
        commands.succeed(call);
        assertThat(commands.output())
                .contains("   1  smoke model.n_experts=2 seed 1  unknown\n")
                .contains("   4  smoke model.n_experts=4 seed 2  unknown\n")
                .contains("4 runs, ");
        assertThat(commands.runs()).doesNotExist();
        commands.succeed(call("train", "smoke", 4));
        commands.succeed(call);
        assertThat(commands.output()).doesNotContain("unknown").containsPattern("seed 2  \\d+ s\n");
        assertThat(book.runs()).hasSize(1);

        // A run with one thread says nothing about children with two.
        commands.succeed(sweep("smoke", 4, "--seeds", "1..2", "--dry-run", "--threads", "2"));
        assertThat(commands.output()).contains("seed 2  unknown\n");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGTERM")
    void aStoppedSweepContinuesUnlessAFileChanged() throws Exception {
        String changed = OTHER + "train: {warmup: 7}\n";
        String[] call = sweep("other", 400, "--seeds", "1..3", "--jobs", "1");
        Process process = commands.start(call);
        commands.await(process, () -> book.runs().size() > 2 && book.lastStep(book.newest(), LOSS) > 3);
        process.destroy();
        assertThat(commands.end(process)).as(commands.output()).isEqualTo(TERMINATED);
        assertThat(commands.output())
                .contains("stopping: the step in progress is finished and saved")
                .contains("the same call continues with the missing runs");
        assertThat(runs()).extracting(Run::status).containsExactly("KILLED", "FINISHED", "KILLED");
        assertThat(withoutLoad(runs().get(0))).isEmpty();

        write(changed);
        assertThat(commands.refused(call))
                .contains("is not finished", "other: train.warmup was 20, is 7 now", "NEW=true");

        write(OTHER + "about: Two experts.\n"); // changes no setting
        commands.succeed(call);
        assertThat(commands.output()).contains("children    3, 1 of them done already");
        List<Run> runs = runs();
        assertThat(runs).hasSize(4).allMatch(Run::isFinished);
        assertThat(childrenOf(runs.get(0), runs))
                .hasSize(3)
                .allSatisfy(run ->
                        assertThat(book.lastStep(run.runId(), "train/loss")).isEqualTo(400));
        assertThat(points(runs.get(0), SCORE)).hasSize(1);

        commands.succeed(call); // does nothing
        assertThat(commands.output()).contains("3 of 3 done", "of 3 seeds)");
        assertThat(book.runs()).hasSize(4);

        write(changed); // the sweep is finished: this is another one
        commands.succeed(sweep("other", 400, "--seeds", "1..3", "--jobs", "2"));
        assertThat(book.runs()).hasSize(8);
    }

    /** A setting whose runs diverge at once, between others that work. */
    @Test
    void failuresAreKeptApartListedAndTriedAgainOnce() throws Exception {
        String[] call = diverging();
        commands.fail(1, call);
        assertThat(commands.output())
                .contains("2 of 3 done, 1 failed")
                .contains("seed 1: training diverged at step")
                .contains("    make train EXPERIMENT=smoke SEED=1 SET='train.batch_size=4")
                .contains("RETRY=true")
                .containsOnlyOnce("seed 1  failed: ");
        assertThat(runs())
                .filteredOn(run -> run.name().startsWith("learning_rate=1e30 ")
                        && run.name().endsWith("seed 1"))
                .extracting(Run::status)
                .containsExactly("FAILED");

        // The same call does nothing, with RETRY once more.
        commands.fail(1, call);
        assertThat(commands.output()).contains("seed 1: training diverged").doesNotContain("begins");
        commands.fail(1, diverging("--retry"));
        assertThat(commands.output()).containsOnlyOnce("seed 1  failed: ");
        assertThat(book.runs()).hasSize(1 + 3 + 3);

        // From the start, RETRY tries twice; FAIL_FAST then stops before the last.
        commands.fail(1, diverging("--retry", "--new"));
        assertThat(commands.output().split("seed 1  failed: ", -1)).hasSize(3);
        commands.fail(1, diverging("--fail-fast", "--new"));
        assertThat(commands.output()).contains("1 of 3 done, 1 failed, 1 stopped");
    }

    private String[] diverging(String... more) {
        List<String> options = new ArrayList<>(List.of("--grid", "train.learning_rate=0.01,1e30,0.02", "--jobs", "1"));
        options.addAll(List.of(more));
        return sweep("smoke", 12, options.toArray(String[]::new));
    }

    /** A sweep whose two children have taken a step. */
    private Process twoAtWork() throws Exception {
        Process process = commands.start(sweep("smoke", 4000, "--seeds", "1..2", "--jobs", "2"));
        commands.await(
                process,
                () -> book.runs().size() == 3
                        && book.runs().stream().skip(1).allMatch(run -> book.lastStep(run, LOSS) > 0));
        assertThat(process.descendants()).hasSize(2);
        return process;
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGINT")
    void ctrlCEndsInOrderAndOnceMoreAtOnce() throws Exception {
        Process process = twoAtWork();
        List<ProcessHandle> children = process.descendants().toList();
        for (int i = 0; i < 2; i++) {
            new ProcessBuilder("kill", "-INT", Long.toString(process.pid()))
                    .start()
                    .waitFor();
        }
        assertThat(commands.end(process)).as(commands.output()).isEqualTo(INTERRUPTED);
        for (ProcessHandle child : children) {
            child.onExit().get();
        }
        assertThat(runs()).extracting(Run::status).doesNotContain("FINISHED");
    }

    /** Children whose parent is killed take their step, save and end. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGKILL")
    void withoutTheirParentChildrenEndInOrder() throws Exception {
        Process process = twoAtWork();
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        for (ProcessHandle child : children) {
            child.onExit().get();
        }
        assertThat(childrenOf(runs().get(0), runs())).hasSize(2).allSatisfy(child -> {
            assertThat(child.status()).isEqualTo("KILLED");
            assertThat(commands.runs().resolve("checkpoints").resolve(child.runId()))
                    .isDirectoryContaining("glob:**/step-*");
        });
    }
}
