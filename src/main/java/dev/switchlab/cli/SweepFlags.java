package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.io.Durations;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.EngineStart;
import dev.switchlab.sweep.SweepRun;
import dev.switchlab.sweep.WorkerJvm;
import dev.switchlab.sweep.PastRuns;
import dev.switchlab.sweep.Launcher;
import dev.switchlab.sweep.LocalLauncher;
import dev.switchlab.sweep.ResolvedSweep;
import dev.switchlab.sweep.ResolvedSweep.Conditions;
import dev.switchlab.sweep.SweepSpec.Resources;
import dev.switchlab.sweep.Sweep;
import dev.switchlab.sweep.SweepSession.Options;
import dev.switchlab.sweep.SweepSpec;
import dev.switchlab.sweep.SweepSession;
import dev.switchlab.sweep.slurm.SlurmLauncher;
import java.io.IOException;
import java.io.UncheckedIOException;
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
            description =
                    "Runs at a time (default: as many as there are cores for their threads; one on a GPU; what Slurm likes).",
            defaultValue = "0")
    private int jobs;

    @Option(
            names = "--retry",
            description = "Try runs that failed once more.")
    private boolean retry;

    @Option(
            names = "--fail-fast",
            description = "Stop at the first failure.")
    private boolean failFast;

    @Option(
            names = "--new",
            description = "Begin anew beside what the same call began before.")
    private boolean fresh;

    @Option(
            names = "--launcher",
            paramLabel = "local|slurm",
            description =
                    "Where runs are made: this machine, or a Slurm cluster, as a job array (default: ${DEFAULT-VALUE}).",
            defaultValue = "local")
    private String launcher;

    /** Runs what is missing of a sweep, or prints it, and returns the exit code. */
    int run(SweepSpec request, ExperimentOptions experiments, TrainingOptions training, boolean dryRun)
            throws IOException, InterruptedException {
        check();
        training.ranks().requireOne("a sweep");
        Sweep sweep = Sweep.of(request, experiments.folder());
        training.engine().defaultThreads(1);
        if (dryRun) {
            print(sweep, training.engine().threads(), training);
            return 0;
        }
        ResolvedSweep opened = ResolvedSweep.of(
                sweep,
                new Conditions(
                        device(request.resources(), training), training.engine().threads(), training.kernels()));
        Device device = isSlurm()
                ? EngineStart.start("cpu", training.engine().threads())
                : training.engine().start();
        // What multiplies is chosen where a child trains.
        ResolvedSweep ready = isSlurm() ? opened : opened.on(device);
        try (MirroredBook store = training.open()) {
            SweepConsole console = new SweepConsole(System.out, training.books());
            Launcher launcher = isSlurm()
                    ? new SlurmLauncher(start(), store, request.resources(), threads(ready), jobs, console::say)
                    : local(store, device, training.engine().threads());
            SweepSession session = new SweepSession(ready, device, store, launcher, options(training, false), console);
            return run(session, launcher, console);
        }
    }

    private void check() {
        if (jobs < 0) {
            throw new IllegalArgumentException("JOBS is " + jobs + ", allowed: 1 or more, for example 2");
        }
        if (!launcher.equals("local") && !isSlurm()) {
            throw new IllegalArgumentException("LAUNCHER is '" + launcher + "', allowed: local or slurm");
        }
    }

    /** Refuses anything but this machine. */
    void requireLocal() {
        check();
        if (isSlurm()) {
            throw new IllegalArgumentException(
                    "LAUNCHER is 'slurm', allowed here: local, because times are compared; make sweep takes Slurm");
        }
    }

    /**
     * Children as processes of this machine.
     *
     * @param threads of each
     */
    Launcher local(MirroredBook store, Device device, int threads) {
        return new LocalLauncher(start(), store.book().folder(), jobs(device.isGpu(), threads), threads);
    }

    /**
     * How a sweep is run.
     *
     * @param reuse whether runs that the book has of other sweeps count; not where all is to begin anew
     */
    SweepSession.Options options(TrainingOptions training, boolean reuse) {
        return new SweepSession.Options(training.typed(Map.of()), retry, failFast, fresh, reuse && !fresh);
    }

    private int jobs(boolean gpu, int threads) {
        int room = gpu ? 1 : Runtime.getRuntime().availableProcessors() / threads;
        return jobs > 0 ? jobs : Math.max(1, room);
    }

    private boolean isSlurm() {
        return launcher.equals("slurm");
    }

    /** A cluster's nodes have the device that is asked of them, whatever this machine has. */
    private String device(Resources resources, TrainingOptions training) {
        if (isSlurm() && training.engine().isAuto()) {
            return resources.gpus() > 0 ? "gpu" : "cpu";
        }
        return training.engine().device();
    }

    private static WorkerJvm start() {
        try {
            return WorkerJvm.of(Main.class.getName());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int threads(ResolvedSweep ready) {
        return ready.conditions().threads();
    }

    private static int run(SweepSession session, Launcher launcher, SweepConsole console)
            throws IOException, InterruptedException {
        try (StopOnSignals signals = new StopOnSignals(count -> {
            if (count == 1) {
                console.say(launcher.leaving());
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

    /**
     * Prints every child, and the time it may take.
     *
     * @param threads of each
     */
    void print(Sweep sweep, int threads, TrainingOptions training) {
        Path folder = training.books().folder();
        if (!Files.exists(folder.resolve("mlflow.db"))) {
            print(sweep, run -> OptionalDouble.empty(), threads);
            return;
        }
        try (Book book = Book.open(folder)) {
            PastRuns past = new PastRuns(book);
            print(sweep, run -> past.expectedSeconds(run, threads), threads);
        }
    }

    private void print(Sweep sweep, Function<SweepRun, OptionalDouble> expected, int threads) {
        double sum = 0;
        for (SweepRun run : sweep.runs()) {
            OptionalDouble seconds = expected.apply(run);
            sum += seconds.orElse(Double.NaN);
            System.out.printf(
                    "%4d  %s seed %d  %s%n",
                    run.number(),
                    run.row(),
                    run.seed(),
                    seconds.isPresent() ? Durations.text(seconds.getAsDouble()) : "unknown");
        }
        int width = isSlurm() && jobs == 0 ? sweep.runs().size() : jobs(false, threads);
        System.out.println(sweep.runs().size() + " runs, " + width + " at a time: "
                + (Double.isNaN(sum)
                        ? "unknown, nothing like some of them is in the book"
                        : Durations.text(sum / width)));
    }
}
