package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.provenance.Computation;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.EngineStart;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.train.KernelChoice;
import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What all commands that train have in common: where they compute, which book they write, and what was typed. */
final class TrainingOptions {

    @Mixin
    private EngineOptions engine;

    @Mixin
    private BookOption books;

    @Mixin
    private RankOptions ranks;

    @Option(
            names = "--kernels",
            paramLabel = "auto|KERNELS",
            description =
                    "What multiplies: auto, matrix, convolution, linear, or one per product; decides the last digits (default: auto, or"
                            + " what the run was begun with).",
            defaultValue = "")
    private String kernels;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    /** What a session does: trains a new run, or goes on with one. */
    @FunctionalInterface
    interface Work {
        TrainingSession.Outcome in(TrainingSession session) throws IOException;
    }

    EngineOptions engine() {
        return engine;
    }

    /** Starts the engine: with several ranks on the CPU, each with its share of the cores. */
    Device start() {
        spread();
        return engine.start();
    }

    /** Starts the engine as a run was computed, but for what is asked for. */
    Device startAs(Computation recorded) {
        if (recorded.ranks() != ranks.world().size()) {
            spread();
        }
        if (ranks.world().size() > 1) {
            engine.requireCpu("RANKS");
        }
        return engine.startAs(recorded);
    }

    private void spread() {
        if (ranks.world().size() > 1) {
            engine.requireCpu("RANKS");
            engine.defaultThreads(
                    Math.max(1, EngineStart.threads(0) / ranks.world().size()));
        }
    }

    /** With the kernels that were asked for, if any were. */
    TrainingInput asked(TrainingInput input) {
        return kernels.isBlank() ? input : input.withKernels(kernels.strip());
    }

    /** What multiplies, as it was asked for. */
    String kernels() {
        return kernels.isBlank() ? KernelChoice.AUTO : kernels.strip();
    }

    /** Over how many processes. */
    RankOptions ranks() {
        return ranks;
    }

    /** Runs this command again on several ranks, and returns its exit code. */
    int launch(int count) throws InterruptedException {
        return RankOptions.launch(
                count, command.commandLine().getParent().getParseResult().originalArgs());
    }

    /** Which book. */
    BookOption books() {
        return books;
    }

    /** Opens the book; to be closed. */
    MirroredBook open() {
        return books.open();
    }

    /**
     * What was typed, such as {@code make train EXPERIMENT=smoke}.
     *
     * @param changes variables to set, or to drop where the value is empty
     */
    String typed(Map<String, String> changes) {
        return new MakeVariables(System.getenv())
                .makeCall(command.commandLine().getParent().getParseResult().originalArgs(), changes);
    }

    /** Trains, shows it, and says how it ended; Ctrl-C ends it in good order. */
    TrainingSession.Outcome train(TrainingInput input, Device device, MirroredBook store, Work work)
            throws IOException {
        try (StopOnSignal stop = StopOnSignal.listening(ranks.world())) {
            ConsoleView view = new ConsoleView(input, books, store);
            TrainingSession session = new TrainingSession(input, device, store, view, stop)
                    .in(ranks.world(), ranks.isExpertParallel(input.experiment()));
            TrainingSession.Outcome outcome = work.in(session);
            view.ended(outcome);
            ranks.world().finish();
            return outcome;
        }
    }

    /** The exit code of a training: after Ctrl-C the one that shells use for it. */
    static int exitCode(TrainingSession.Outcome outcome) {
        return outcome.isComplete() ? 0 : 130;
    }
}
