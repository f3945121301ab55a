package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.distributed.MpiRun;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.distributed.ProcessGroupException;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.provenance.Computation;
import dev.switchlab.provenance.Versions;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.EngineStart;
import dev.switchlab.session.RankFollower;
import dev.switchlab.session.RankPlan;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.train.TrainingException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * What all commands that train have in common: engine, book, and the ranks that share a run. A command with several
 * ranks starts itself again under Open MPI's mpirun; each of those processes {@linkplain #follow joins} the others.
 */
final class TrainingOptions {

    private static final int STOPPED = 130;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private EngineOptions.Kernels kernels;

    @Mixin
    private BookOptions books;

    @Option(
            names = "--ranks",
            paramLabel = "N",
            description =
                    "Processes that share the run, each with its part of every batch, started by Open MPI's mpirun"
                            + " (default: 1; resume and reproduce: as recorded).",
            converter = EngineOptions.Count.class)
    private int ranks;

    @Option(
            names = "--watch-input",
            hidden = true,
            description = "Stop when standard input ends; set for rank 0 by the process that starts the ranks.")
    private boolean watchInput;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    private ProcessGroup world = ProcessGroup.single();

    /** The work of a session: to train a new run, or to resume one. */
    @FunctionalInterface
    interface Work {
        TrainingSession.Outcome in(TrainingSession session) throws IOException;
    }

    EngineOptions engine() {
        return engine;
    }

    EngineOptions.Kernels kernels() {
        return kernels;
    }

    BookOptions books() {
        return books;
    }

    /** Opens the book; to be closed. */
    MirroredBook open() {
        return books.open();
    }

    /**
     * Joins the other ranks, where this process was started as one of several: to be called first of all.
     *
     * @return the exit code of a rank that only follows and is done; empty where there is a command to run
     */
    Optional<Integer> follow() throws IOException {
        if (!ProcessGroup.isStarted()) {
            return Optional.empty();
        }
        world = ProcessGroup.start();
        world.requireSame(Map.of("code", Versions.codeDigest(), "Java", System.getProperty("java.runtime.version")));
        if (world.isFirst()) {
            return Optional.empty();
        }
        try (StopSignals.OfTraining stop = new StopSignals.OfTraining(world, () -> {})) {
            RankFollower.follow(world, stop);
            world.finish();
            return Optional.of(0);
        } catch (TrainingException e) {
            return Optional.of(1); // rank 0 has found and reported the same
        }
    }

    /**
     * How ranks share the run.
     *
     * @param recorded of the run that is resumed or repeated; empty for a new run
     */
    RankPlan plan(Experiment experiment, Optional<Computation> recorded) {
        OptionalInt started = ProcessGroup.isStarted() ? OptionalInt.of(world.size()) : OptionalInt.empty();
        return RankPlan.of(ranks, started, recorded, experiment);
    }

    /** Whether the ranks of the plan have to be started first, see {@link #launch}. */
    boolean mustLaunch(RankPlan plan) {
        return plan.ranks() > 1 && !ProcessGroup.isStarted();
    }

    /** Refuses more than one rank. */
    void requireOneRank(String what) {
        if (ranks > 1) {
            throw new IllegalArgumentException("RANKS is " + ranks + ", allowed with " + what
                    + ": 1; a sweep takes all cores by training several runs at a time, see JOBS");
        }
    }

    /** Starts this command again on several ranks, and returns its exit code. */
    int launch(RankPlan plan) throws InterruptedException {
        MpiRun run = MpiRun.start(
                plan.ranks(),
                Main.commandLine(arguments()),
                Map.of("SWITCHLAB_RANKS", Integer.toString(plan.ranks()), "SWITCHLAB_WATCH_INPUT", "true"),
                System.err::println);
        try (StopSignals signals = new StopSignals(count -> stop(run, count))) {
            int code = run.await();
            if (run.lost().isPresent() && signals.exitCode() == 0) {
                throw new ProcessGroupException(
                        run.lost().get() + "; what was saved is intact, continue with: make resume");
            }
            return code;
        }
    }

    private static void stop(MpiRun run, int count) {
        if (count == 1) {
            announceStop();
            run.stop();
        } else {
            run.kill();
        }
    }

    private static void announceStop() {
        System.out.println();
        System.out.println("stopping: the step in progress is finished and saved ...");
    }

    /**
     * Starts the engine: several ranks on the CPU, each with its share of the cores.
     *
     * @param recorded of the run that is resumed or repeated: its device and threads are taken where none were asked
     *     for
     */
    Device start(RankPlan plan, Optional<Computation> recorded) {
        if (plan.ranks() > 1) {
            engine.requireCpu("RANKS");
            if (recorded.isEmpty() || recorded.get().ranks() != plan.ranks()) {
                engine.defaultThreads(Math.max(1, EngineStart.threads(0) / plan.ranks()));
            }
        }
        recorded.ifPresent(engine::defaultTo);
        return engine.start();
    }

    /** The input with the kernels that were asked for, if any were. */
    TrainingInput withKernels(TrainingInput input) {
        return kernels.asked().map(input::withKernels).orElse(input);
    }

    /**
     * The call of make, such as {@code make train EXPERIMENT=smoke}.
     *
     * @param changes variables to set
     */
    String makeCall(Map<String, String> changes) {
        return new MakeVariables(System.getenv()).makeCall(arguments(), changes);
    }

    private List<String> arguments() {
        return command.commandLine().getParent().getParseResult().originalArgs();
    }

    /** Trains and prints progress and outcome; Ctrl-C ends the training in good order. */
    TrainingSession.Outcome train(TrainingInput input, Device device, RankPlan plan, MirroredBook store, Work work)
            throws IOException {
        try (StopSignals.OfTraining stop = new StopSignals.OfTraining(world, TrainingOptions::announceStop)) {
            if (watchInput) {
                StopSignals.onEndOfInput(stop::request);
            }
            TrainingConsole console = new TrainingConsole(input, books, store);
            TrainingSession session =
                    new TrainingSession(input, device, store, console, stop, true, world, plan.expertParallel());
            TrainingSession.Outcome outcome = work.in(session);
            console.ended(outcome);
            world.finish();
            return outcome;
        }
    }

    /** The exit code of a training; if it was stopped, the one that shells use for Ctrl-C. */
    static int exitCode(TrainingSession.Outcome outcome) {
        return outcome.isComplete() ? 0 : STOPPED;
    }
}
