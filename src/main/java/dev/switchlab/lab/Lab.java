package dev.switchlab.lab;

import ai.djl.Device;
import com.google.common.io.MoreFiles;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Rows;
import dev.switchlab.analysis.RunSelection;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.experiment.ExperimentLoader.Summary;
import dev.switchlab.golden.GoldenReport;
import dev.switchlab.golden.GoldenVerifier;
import dev.switchlab.golden.Implementation;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import dev.switchlab.session.EngineStart;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * The verbs that a researcher types. Their errors are {@link LabException}s of one line.
 *
 * <p>They share one {@link LabSession}: the book of runs in {@code runs/}, mirrored to the server of
 * MLFLOW_TRACKING_URI, and the model that was loaded or trained last.
 */
public final class Lab {

    private static final Path EXPERIMENTS = Path.of("experiments");
    private static final Path GOLDEN = Path.of("golden");
    private static LabSession session =
            new LabSession(MlflowEnvironment.of(System.getenv()), Path.of("runs"), Lab::startEngine);

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> session().close(), "close-lab"));
    }

    private Lab() {}

    private static String environment(String variable, String otherwise) {
        return Optional.ofNullable(System.getenv(variable))
                .filter(value -> !value.isBlank())
                .orElse(otherwise);
    }

    private static Device startEngine() {
        String threads = environment("SWITCHLAB_THREADS", "");
        return EngineStart.start(
                environment("SWITCHLAB_DEVICE", "auto"), threads.isEmpty() ? 0 : EngineStart.count("THREADS", threads));
    }

    private static synchronized LabSession session() {
        return session;
    }

    /** Ends the session and begins another with the book in {@code folder}, on the CPU with the engine's threads. */
    public static synchronized void restart(Path folder) {
        session.close();
        session = new LabSession(MlflowEnvironment.NONE, folder, Device::cpu);
    }

    /** One row per experiment file: id, about. */
    public static Table experiments() {
        return Guard.call(() -> {
            Rows<Summary> rows = new Rows<>(ExperimentLoader.list(EXPERIMENTS));
            return Table.create("experiments", rows.text("id", Summary::id), rows.text("about", Summary::about));
        });
    }

    /**
     * An experiment to change and train, on CORPUS if that was given to make:
     * {@code experiment("smoke").with("model.n_experts=8").train()}.
     */
    public static Recipe experiment(String id) {
        return experiment(id, environment("SWITCHLAB_CORPUS", ""));
    }

    /** @param corpus to take instead of the experiment's; blank to keep it */
    static Recipe experiment(String id, String corpus) {
        return Guard.call(() -> {
            Map<String, String> changes = corpus.isBlank() ? Map.of() : Map.of("corpus", corpus.strip());
            List<String> overrides = List.of(ExperimentLoader.text(changes));
            return new Recipe(session(), ExperimentLoader.load(id, overrides, EXPERIMENTS), changes);
        });
    }

    /** One row per run of the book, newest first: id, name, status, age, latest scores. */
    public static Table runs() {
        return Guard.call(() -> Tables.runs(session().runs()));
    }

    /** The newest run: id, params, tags, latest metrics. */
    public static Run run() {
        return run("");
    }

    /** A run by its id, the beginning of its id, or its name; the newest of an experiment. */
    public static Run run(String run) {
        return Guard.call(() -> session().find(run));
    }

    /** A sweep, or another run that sums up others, by its id, the beginning of its id, or its name. */
    public static LabSweep sweep(String run) {
        return Guard.call(() -> {
            Run parent = session().find(run);
            return new LabSweep(parent, RunSelection.below(session().source(), parent));
        });
    }

    /** The settings of a sweep side by side. */
    public static SideBySide compare(LabSweep sweep) {
        return compare(sweep.parent().runId());
    }

    /**
     * Runs side by side, by setting: mean scores with intervals, paired differences over seeds.
     *
     * @param runs runs by id, beginning of an id, or name; a sweep or an experiment stands for its finished runs
     */
    public static SideBySide compare(String... runs) {
        return Guard.call(() -> {
            if (runs.length == 0) {
                throw new LabException("compare needs two runs or more, for example compare(\"3f2a\", \"91bc\");"
                        + " runs() lists them");
            }
            return new SideBySide(Comparison.of(session().source(), List.of(runs), ""));
        });
    }

    /** Runs of this session side by side. */
    public static SideBySide compare(TrainedRun first, TrainedRun... others) {
        return compare(Stream.concat(Stream.of(first), Arrays.stream(others))
                .map(TrainedRun::id)
                .toArray(String[]::new));
    }

    /**
     * The metrics of a run: one row per step, one column per metric.
     *
     * @param run a run by its id, the beginning of its id, or its name; blank for the newest
     * @param metrics names, or beginnings that end in a slash such as {@code layer0/}; none for training and validation
     *     cross-entropy
     */
    public static Table history(String run, String... metrics) {
        return Guard.call(() -> session().history(session().find(run), metrics));
    }

    /**
     * Loads the model of a run by its id, the beginning of its id, or its name; of an experiment, or for blank of all,
     * the newest. It becomes the current model.
     */
    public static LabModel load(String run) {
        return Guard.call(() -> session().load(run));
    }

    /** Loads the model of a run. It becomes the current model. */
    public static LabModel load(Run run) {
        return Guard.call(() -> session().load(run));
    }

    /** The current model; if none was loaded or trained, that of the newest run. */
    public static LabModel model() {
        return Guard.call(() -> session().current());
    }

    /** The experts of the current model that each character goes to. */
    public static Routes route(String text) {
        return model().route(text);
    }

    /** Continues {@code prompt} with the current model. */
    public static String sample(String prompt) {
        return model().sample(prompt);
    }

    /** Continues {@code prompt} with the current model by {@code length} characters. */
    public static String sample(String prompt, int length) {
        return model().sample(prompt, length, 0.8, 1);
    }

    /** Checks golden cases: those whose name contains {@code name}, or those of a file or folder. */
    public static GoldenCheck golden(String name) {
        return Guard.call(() -> {
            Path path = Path.of(name);
            boolean isPath = !name.isEmpty() && Files.exists(path);
            // As in the tests, on the CPU; `make golden` checks every device.
            GoldenVerifier verifier = new GoldenVerifier(Implementation.on(Device.cpu()));
            GoldenReport report = verifier.verify(isPath ? path : GOLDEN, isPath ? "" : name, result -> {});
            if (report.cases().isEmpty()) {
                throw new LabException("no golden case has '" + name + "' in its name; goldenCases() lists them");
            }
            return new GoldenCheck(report);
        });
    }

    /** The names of the golden cases. */
    public static Table goldenCases() {
        return Guard.call(() -> {
            List<Path> files = GoldenVerifier.files(GOLDEN);
            if (files.isEmpty()) {
                throw new LabException("there are no golden cases in " + GOLDEN);
            }
            return Table.create("golden cases", new Rows<>(files).text("case", MoreFiles::getNameWithoutExtension));
        });
    }

    /** A table of one column, with the text of each element. */
    public static Table table(String column, Iterable<?> values) {
        StringColumn cells = StringColumn.create(column);
        values.forEach(value -> cells.append(String.valueOf(value)));
        return Table.create(column, cells);
    }

    /**
     * Column {@code y} by column {@code x}: bars if {@code x} names things, such as experts; a line if {@code x} is a
     * measure, such as steps.
     */
    public static Plot plot(Table table, String x, String y) {
        return Guard.call(() -> Plot.of(table, x, y));
    }

    /** Fails with {@code message} unless {@code condition} holds. */
    public static void check(boolean condition, String message) {
        if (!condition) {
            throw new LabException("check failed: " + message);
        }
    }

    /** Prints the last error in full: message, causes, stack trace. */
    public static void why() {
        System.out.println(Guard.last().orElse("there was no error with more details"));
    }

    /** Writes the report of a run or a sweep, as {@code make report} does, and returns its file. */
    public static Path report(String run) {
        return Guard.call(() -> session().report(session().find(run)));
    }

    /** Prints the verbs. */
    public static void help() {
        System.out.println("""
                SwitchLab. Verbs, with Tab completion; Ctrl-C stops the one that runs:
                  experiments()                  the experiment files
                  experiment("smoke").train()    train one;  .with("model.n_experts=8 train.steps=50"), .seed(2), .settings()
                  runs()                         the runs of the book;   run("3f2a") one of them
                  history("3f2a", "layer0/")     metrics of a run, by step
                  compare("3f2a", "91bc")        settings that differ, scores, paired differences over seeds;  .against("B")
                  compare(sweep("3f2a"))         the settings of a sweep;  sweep("3f2a") its runs
                  report("3f2a")                 its report as one HTML file
                  load("3f2a")                   a run's model becomes the current one;  load("") the newest
                  model()                        the current one;  .evaluate(), .weights(), .similarity(), .selectionBias(), .digest()
                  route("To be, or not to be")   which experts take each character;  .layers(), .experts(), .specialization(),
                                                 .coactivation(), .tokens()
                  sample("It was", 300)          text of the current model
                  golden("switch_ff_keep")       check golden tensors;  goldenCases()
                  plot(t, "expert", "load")      bars of a table, or a line by a measure such as steps
                  help()  why()                  this text;  the last error in full
                Tables are Tablesaw's:  t.first(5), t.sortOn("-load"), t.selectColumns("expert", "load"),
                  t.where(all -> all.intColumn("layer").isEqualTo(0))
                """.stripTrailing());
    }
}
