package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.EngineStart;
import dev.switchlab.sweep.Launcher;
import dev.switchlab.sweep.LocalLauncher;
import dev.switchlab.sweep.PastRuns;
import dev.switchlab.sweep.ResolvedSweep;
import dev.switchlab.sweep.ResolvedSweep.Conditions;
import dev.switchlab.sweep.Sweep;
import dev.switchlab.sweep.SweepProgress;
import dev.switchlab.sweep.SweepSession;
import dev.switchlab.sweep.SweepSpec;
import dev.switchlab.sweep.WorkerJvm;
import dev.switchlab.sweep.slurm.SlurmLauncher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** How a sweep is run: by {@code sweep}, by {@code paper}, and by {@code train} with several seeds. */
final class SweepOptions {

    private static final int FAILED = 1;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            description =
                    "Runs at a time (default: as many as there are cores for their threads; one on a GPU; on Slurm"
                            + " what its limits allow).",
            converter = EngineOptions.Count.class)
    private int jobs;

    @Option(names = "--retry", description = "Try runs that failed once more.")
    private boolean retry;

    @Option(names = "--fail-fast", description = "Stop at the first failure.")
    private boolean failFast;

    @Option(names = "--new", description = "Start anew beside an earlier sweep of the same call.")
    private boolean fresh;

    @Option(names = "--dry-run", description = "Print what would be trained and the time it may take, and stop.")
    private boolean dryRun;

    @Option(
            names = "--launcher",
            paramLabel = "local|slurm",
            description = "Where runs are trained: on this machine, or on a Slurm cluster as a job array (default:"
                    + " ${DEFAULT-VALUE}).",
            defaultValue = "local")
    private String launcher;

    boolean isDryRun() {
        return dryRun;
    }

    private boolean isSlurm() {
        return launcher.equals("slurm");
    }

    private void check() {
        if (!launcher.equals("local") && !isSlurm()) {
            throw new IllegalArgumentException("LAUNCHER is '" + launcher + "', allowed: local or slurm");
        }
    }

    /** Refuses any launcher but the local one. */
    void requireLocal() {
        check();
        if (isSlurm()) {
            throw new IllegalArgumentException(
                    "LAUNCHER is 'slurm', allowed here: local, because times are compared; make sweep takes Slurm");
        }
    }

    /**
     * Runs what is missing of a sweep, or prints a forecast, and returns the exit code.
     *
     * @param experiments the folder of experiment files
     */
    int run(SweepSpec spec, Path experiments, TrainingOptions training) throws IOException, InterruptedException {
        check();
        training.requireOneRank("a sweep");
        Sweep sweep = Sweep.of(spec, experiments);
        training.engine().defaultThreads(1);
        int threads = training.engine().threads();
        if (dryRun) {
            System.out.print(forecast(sweep, training.books().folder(), threads));
            return 0;
        }
        Conditions conditions = new Conditions(
                device(spec, training.engine()), threads, training.kernels().orAuto());
        ResolvedSweep resolved = ResolvedSweep.of(sweep, conditions);
        Device device = isSlurm()
                ? EngineStart.start("cpu", threads)
                : training.engine().start();
        try (MirroredBook store = training.open()) {
            SweepConsole console = new SweepConsole(System.out, training.books());
            Launcher started = isSlurm()
                    ? new SlurmLauncher(jvm(), store, spec.resources(), threads, jobs, console::println)
                    : local(store, device, threads);
            // On a cluster, kernels are chosen where a run trains.
            ResolvedSweep placed = isSlurm() ? resolved : resolved.on(device);
            SweepSession session = new SweepSession(placed, device, store, started, session(training, false), console);
            try (StopSignals signals = stopping(started::leaving, console::println, session::stop, session::kill)) {
                SweepSession.Outcome outcome = session.run();
                System.out.println("parent run  " + outcome.parent());
                Run parent = store.book().byId(outcome.parent()).orElseThrow();
                System.out.printf(
                        "look at it  %s%ncompare it  %s%n",
                        training.books().howToLook(store, parent).toArray());
                return exitCode(
                        outcome.progress().isDone(),
                        outcome.progress().hasFailures(),
                        outcome.isStopped() ? signals.exitCode() : FAILED);
            }
        }
    }

    /** A cluster's nodes have the device that is asked of them, whatever this machine has. */
    private String device(SweepSpec spec, EngineOptions engine) {
        if (isSlurm() && engine.isAuto()) {
            return spec.resources().gpus() > 0 ? "gpu" : "cpu";
        }
        return engine.device();
    }

    /**
     * The time that each run and the sweep may take.
     *
     * @param book the runs folder, whose finished runs tell the times; it may not exist yet
     * @param threads of a run
     */
    String forecast(Sweep sweep, Path book, int threads) {
        int width = isSlurm() && jobs == 0 ? sweep.runs().size() : LocalLauncher.jobs(jobs, Device.cpu(), threads);
        if (!Files.exists(book.resolve("mlflow.db"))) {
            return new SweepProgress(sweep, width, run -> OptionalDouble.empty()).forecast();
        }
        try (Book opened = Book.open(book)) {
            PastRuns past = new PastRuns(opened);
            return new SweepProgress(sweep, width, run -> past.expectedSeconds(run, threads)).forecast();
        }
    }

    /**
     * Trains runs in processes on this machine.
     *
     * @param threads of a run
     */
    Launcher local(MirroredBook store, Device device, int threads) throws IOException {
        return new LocalLauncher(jvm(), store.book().folder(), LocalLauncher.jobs(jobs, device, threads), threads);
    }

    private static WorkerJvm jvm() throws IOException {
        return WorkerJvm.of(Main.class.getName());
    }

    /** @param reuse whether runs that the book has from other sweeps count, unless all is to start anew */
    SweepSession.Options session(TrainingOptions training, boolean reuse) {
        return new SweepSession.Options(training.makeCall(Map.of()), retry, failFast, fresh, reuse && !fresh);
    }

    /** Until closed, the first signal prints a text and stops in good order, the second ends at once. */
    static StopSignals stopping(Supplier<String> text, Consumer<String> printer, Runnable stop, Runnable kill) {
        return new StopSignals(count -> {
            if (count == 1) {
                printer.accept(text.get());
                stop.run();
            } else {
                kill.run();
            }
        });
    }

    /** 0 if all is done; else prints how to continue. */
    static int exitCode(boolean isDone, boolean hasFailures, int otherwise) {
        if (isDone) {
            return 0;
        }
        System.out.println("the same call continues with the missing runs"
                + (hasFailures ? ", with RETRY=true also with those that failed" : ""));
        return otherwise;
    }
}
