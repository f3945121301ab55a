package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.io.Durations;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.sweep.Child;
import dev.switchlab.sweep.ChildStart;
import dev.switchlab.sweep.KnownTimes;
import dev.switchlab.sweep.Launcher;
import dev.switchlab.sweep.LocalLauncher;
import dev.switchlab.sweep.ReadySweep;
import dev.switchlab.sweep.ReadySweep.Conditions;
import dev.switchlab.sweep.Sweep;
import dev.switchlab.sweep.SweepOptions;
import dev.switchlab.sweep.SweepRequest;
import dev.switchlab.sweep.SweepSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import picocli.CommandLine.Option;

/** How a sweep is run, and the running of it: for {@code make sweep}, and for {@code make train} with SEEDS. */
final class SweepFlags {

    @Option(
            names = "--jobs",
            paramLabel = "N",
            description = "Runs at a time (default: as many as there are cores for their threads; one on a GPU).",
            defaultValue = "${env:SWITCHLAB_JOBS:-0}")
    private int jobs;

    @Option(
            names = "--retry",
            description = "Try runs that failed once more.",
            defaultValue = "${env:SWITCHLAB_RETRY:-false}")
    private boolean retry;

    @Option(
            names = "--fail-fast",
            description = "Stop at the first failure.",
            defaultValue = "${env:SWITCHLAB_FAIL_FAST:-false}")
    private boolean failFast;

    @Option(
            names = "--new",
            description = "Begin anew beside what the same call began before.",
            defaultValue = "${env:SWITCHLAB_NEW:-false}")
    private boolean fresh;

    @Option(
            names = "--launcher",
            paramLabel = "local",
            description = "Where the runs are made (default: ${DEFAULT-VALUE}, this machine).",
            defaultValue = "${env:SWITCHLAB_LAUNCHER:-local}")
    private String launcher;

    /** Runs what is missing of a sweep, or prints it, and returns the exit code. */
    int run(SweepRequest request, ExperimentOptions experiments, TrainingOptions training, boolean dryRun)
            throws IOException, InterruptedException {
        if (jobs < 0) {
            throw new IllegalArgumentException("JOBS is " + jobs + ", allowed: 1 or more, for example 2");
        }
        if (!launcher.equals("local")) {
            throw new IllegalArgumentException("LAUNCHER is '" + launcher + "', allowed: local");
        }
        Sweep sweep = Sweep.of(request, experiments.folder());
        training.engine().defaultThreads(1);
        if (dryRun) {
            print(sweep, training);
            return 0;
        }
        ReadySweep opened = ReadySweep.of(
                sweep,
                new Conditions(training.engine().device(), training.engine().threads(), training.kernels()));
        Device device = training.engine().start();
        ReadySweep ready = opened.on(device);
        try (MirroredBook store = training.open()) {
            SweepConsole console = new SweepConsole(System.out, training.books());
            SweepSession session = new SweepSession(
                    ready,
                    device,
                    store,
                    launcher(store, ready.conditions(), jobs(device.isGpu(), training)),
                    new SweepOptions(training.typed(Map.of()), retry, failFast, fresh),
                    console);
            return run(session, console);
        }
    }

    private int jobs(boolean gpu, TrainingOptions training) {
        int room = gpu
                ? 1
                : Runtime.getRuntime().availableProcessors() / training.engine().threads();
        return jobs > 0 ? jobs : Math.max(1, room);
    }

    private static Launcher launcher(MirroredBook store, Conditions conditions, int jobs) throws IOException {
        return new LocalLauncher(
                ChildStart.of(Main.class.getName()), store.book().folder(), jobs, conditions.threads());
    }

    private static int run(SweepSession session, SweepConsole console) throws IOException, InterruptedException {
        try (StopOnSignals signals = new StopOnSignals(count -> {
            if (count == 1) {
                console.say("stopping: the step in progress is finished and saved; once more ends it at once ...");
                session.stop();
            } else {
                session.kill();
            }
        })) {
            SweepSession.Outcome outcome = session.run();
            System.out.println("parent run  " + outcome.parent());
            if (outcome.progress().isDone()) {
                return 0;
            }
            System.out.println("the same call goes on with what is missing"
                    + (outcome.progress().hasFailures() ? ", RETRY=true with what failed, too" : ""));
            return outcome.isStopped() ? signals.exitCode() : 1;
        }
    }

    /** Every child, and the time it may take. */
    private void print(Sweep sweep, TrainingOptions training) {
        Path folder = training.books().folder();
        if (!Files.exists(folder.resolve("mlflow.db"))) {
            print(sweep, child -> OptionalDouble.empty(), training);
            return;
        }
        try (Book book = Book.open(folder)) {
            print(sweep, new KnownTimes(book)::of, training);
        }
    }

    private void print(Sweep sweep, Function<Child, OptionalDouble> expected, TrainingOptions training) {
        double sum = 0;
        for (Child child : sweep.children()) {
            OptionalDouble seconds = expected.apply(child);
            sum += seconds.orElse(Double.NaN);
            System.out.printf(
                    "%4d  %s seed %d  %s%n",
                    child.number(),
                    child.row(),
                    child.seed(),
                    seconds.isPresent() ? Durations.text(seconds.getAsDouble()) : "unknown");
        }
        int width = jobs(false, training);
        System.out.println(sweep.children().size() + " runs, " + width + " at a time: "
                + (Double.isNaN(sum)
                        ? "unknown, nothing like some of them is in the book"
                        : Durations.text(sum / width)));
    }
}
