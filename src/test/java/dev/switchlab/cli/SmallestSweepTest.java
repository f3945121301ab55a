package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.runs.mirror.MirroredBook;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** One experiment with several seeds: a sweep of one setting. */
@Tag("slow")
class SmallestSweepTest {

    private static final int TERMINATED = 128 + 15;
    private static final String PARENT = "mlflow.parentRunId";
    private static final String SETTINGS = "train.eval_batches=1 train.sample_every=0 train.sample_length=5"
            + " train.batch_size=4 train_fraction=0.99 train.steps=";

    @TempDir
    Path folder;

    private Commands commands;

    @BeforeEach
    void store() {
        commands = new Commands(folder);
    }

    @Test
    void meanAndIntervalOfThreeSeeds() throws Exception {
        assertThat(commands.run(
                        "train", "--experiment", "smoke", "--seeds", "1,2,7", "--jobs", "1", "--set", SETTINGS + 12))
                .as(commands.output())
                .isZero();
        try (MirroredBook store = commands.store()) {
            List<Run> runs = oldestFirst(store);
            assertThat(runs).hasSize(4).allMatch(run -> run.status().equals("FINISHED"));
            Run parent = runs.get(0);
            List<Run> children = runs.subList(1, 4);

            assertThat(parent.name())
                    .isEqualTo("smoke eval_batches=1 sample_every=0 sample_length=5 steps=12 +2 seeds 1,2,7");
            assertThat(parent.params())
                    .containsEntry("seeds", "1,2,7")
                    .containsEntry("train.steps", "12")
                    .doesNotContainKey("seed");
            assertThat(parent.tags()).containsEntry("switchlab.seeds", "3").doesNotContainKey(PARENT);
            assertThat(children).extracting(run -> run.params().get("seed")).containsExactly("1", "2", "7");
            assertThat(children)
                    .extracting(run -> run.name().replaceFirst(".* seed ", ""))
                    .containsExactly("1", "2", "7");
            assertThat(children).allSatisfy(run -> assertThat(run.tags()).containsEntry(PARENT, parent.runId()));
            assertThat(children)
                    .extracting(run -> run.tags().get("switchlab.weights_sha256"))
                    .doesNotHaveDuplicates();

            for (String metric : List.of("final/cross_entropy", "final/bits_per_char", "final/accuracy")) {
                assertInterval(parent, metric, children, run -> run.metrics().get(metric));
            }
            assertInterval(parent, "final/train_cross_entropy", children, run -> lastTen(store, run));
            // Charts draw parent and children together: under one name, at one step.
            assertThat(store.book().history(parent.runId(), "final/cross_entropy"))
                    .singleElement()
                    .satisfies(point -> assertThat(point.step()).isEqualTo(12));
            assertThat(children)
                    .allSatisfy(run ->
                            assertThat(run.metrics().keySet()).contains("final/train_cross_entropy", "final/accuracy"));
            assertThat(parent.tags()).containsKeys("mlflow.source.git.commit", "switchlab.corpus_sha256");
            assertThat(withoutLoad(parent)).hasSize(3 * 4);

            String summary = commands.artifact(parent.runId(), "seeds.txt");
            assertThat(summary.lines()).hasSize(4);
            assertThat(summary)
                    .contains("final/cross_entropy")
                    .contains("(mean and 95 % interval of 3 seeds)")
                    .contains("%.4f +- ".formatted(parent.metrics().get("final/accuracy")));
            assertThat(commands.output()).contains("\n" + summary).endsWith("parent run  " + parent.runId() + "\n");
            assertThat(commands.artifact(parent.runId(), "report.html"))
                    .contains(children.stream().map(Run::name).toList());
        }
    }

    /** Student's t for 95 % and two degrees of freedom, from a table; the sample's deviation over the root of three. */
    private static void assertInterval(Run parent, String metric, List<Run> children, ToDoubleFunction<Run> score) {
        double a = score.applyAsDouble(children.get(0));
        double b = score.applyAsDouble(children.get(1));
        double c = score.applyAsDouble(children.get(2));
        double mean = (a + b + c) / 3;
        double variance = ((a - mean) * (a - mean) + (b - mean) * (b - mean) + (c - mean) * (c - mean)) / 2;
        double half = 4.302652729911275 * Math.sqrt(variance / 3);
        assertThat(half).as("half an interval of %s", metric).isPositive();
        Map<String, Double> metrics = parent.metrics();
        assertThat(metrics.get(metric)).as(metric).isCloseTo(mean, within(1e-12));
        assertThat(metrics.get(metric + "_ci95_low")).as(metric).isCloseTo(mean - half, within(1e-9));
        assertThat(metrics.get(metric + "_ci95_high")).as(metric).isCloseTo(mean + half, within(1e-9));
    }

    private static double lastTen(MirroredBook store, Run run) {
        List<MetricPoint> points = store.book().history(run.runId(), "train/cross_entropy");
        assertThat(points).hasSize(12);
        return points.subList(2, 12).stream()
                .mapToDouble(MetricPoint::value)
                .average()
                .orElseThrow();
    }

    /** A child is the run that its seed gives by itself; one value has no interval. */
    @Test
    void oneSeedHasAMeanAlone() throws Exception {
        assertThat(commands.run("train", "--experiment", "smoke", "--seeds", "5", "--set", SETTINGS + 3))
                .as(commands.output())
                .isZero();
        assertThat(commands.run("train", "--experiment", "smoke", "--seed", "5", "--set", SETTINGS + 3))
                .as(commands.output())
                .isZero();
        try (MirroredBook store = commands.store()) {
            List<Run> runs = oldestFirst(store);
            assertThat(runs).hasSize(3);
            Run child = runs.get(1);
            Run single = runs.get(2);
            assertThat(withoutLoad(runs.get(0)))
                    .containsOnlyKeys(
                            "final/train_cross_entropy", "final/cross_entropy", "final/bits_per_char", "final/accuracy")
                    .containsEntry("final/cross_entropy", child.metrics().get("final/cross_entropy"));
            assertThat(single.tags())
                    .containsEntry("switchlab.weights_sha256", child.tags().get("switchlab.weights_sha256"))
                    .containsEntry("switchlab.metrics_sha256", child.tags().get("switchlab.metrics_sha256"))
                    .doesNotContainKey(PARENT);
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGTERM")
    void aStopEndsTheChildInProgressAndTheSameCallGoesOn() throws Exception {
        String[] call = {"train", "--experiment", "smoke", "--seeds", "1..3", "--jobs", "1", "--set", SETTINGS + 400};
        Process process = commands.start(call);
        commands.await(
                process,
                () -> new BookRows(commands.runs())
                        .runs().stream()
                                .skip(2)
                                .anyMatch(run -> new BookRows(commands.runs()).lastStep(run, "train/loss") > 3));
        process.destroy();
        assertThat(commands.end(process)).as(commands.output()).isEqualTo(TERMINATED);
        assertThat(commands.output())
                .contains("stopping: the step in progress is finished and saved")
                .contains("the same call continues with the missing runs");

        try (MirroredBook store = commands.store()) {
            List<Run> runs = oldestFirst(store);
            assertThat(runs).extracting(Run::status).containsExactly("KILLED", "FINISHED", "KILLED");
            assertThat(withoutLoad(runs.get(0))).isEmpty();
        }
        assertThat(commands.run(call)).as(commands.output()).isZero();
        assertThat(commands.output()).contains("children    3, 1 of them done already");
        try (MirroredBook store = commands.store()) {
            List<Run> runs = oldestFirst(store);
            assertThat(runs).hasSize(4).allMatch(run -> run.status().equals("FINISHED"));
            assertThat(runs.subList(1, 4))
                    .allSatisfy(run -> assertThat(run.tags())
                            .containsEntry(PARENT, runs.get(0).runId())
                            .containsEntry("switchlab.steps", "400"));
            assertThat(withoutLoad(runs.get(0))).containsKey("final/cross_entropy");
            assertThat(store.book().history(runs.get(0).runId(), "final/cross_entropy"))
                    .hasSize(1);
        }
        // Once more does nothing, and says what there is.
        assertThat(commands.run(call)).as(commands.output()).isZero();
        assertThat(commands.output()).contains("3 of 3 done", "of 3 seeds)");
        assertThat(new BookRows(commands.runs()).runs()).hasSize(4);
    }

    /** Metrics but for those of the machine. */
    private static Map<String, Double> withoutLoad(Run run) {
        Map<String, Double> metrics = new LinkedHashMap<>(run.metrics());
        metrics.keySet().removeIf(MetricNames::isTiming);
        return metrics;
    }

    private static List<Run> oldestFirst(MirroredBook store) {
        List<Run> runs = new ArrayList<>(store.book().runs(Optional.empty(), Integer.MAX_VALUE));
        Collections.reverse(runs);
        return runs;
    }
}
