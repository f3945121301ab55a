package dev.switchlab.sweep;

import ai.djl.Device;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.OpenedCorpus;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.RunTitle;
import dev.switchlab.session.StoredRun;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.sweep.ChildState.Done;
import dev.switchlab.sweep.ChildState.Stopped;
import dev.switchlab.train.Checkpoint;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.RunLock;
import dev.switchlab.train.TrainingException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What the process of a child does: trains its run, goes on with it from its newest checkpoint, or nothing where it is
 * done. It writes no report of its own run; {@code make report} does, later, and the sweep has one for all.
 */
public final class ChildRun {

    /** A sweep that was killed leaves children that take their step and save, before others may go on with them. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private static final int LONGEST_REASON = 1000;

    private final ChildPlan plan;
    private final MirroredBook store;
    private final BooleanSupplier stop;
    private final Consumer<ChildState> told;

    /**
     * @param store the book that it writes
     * @param stop asked after each step; true ends it in good order
     * @param told takes its progress
     */
    public ChildRun(ChildPlan plan, MirroredBook store, BooleanSupplier stop, Consumer<ChildState> told) {
        this.plan = plan;
        this.store = store;
        this.stop = stop;
        this.told = told;
    }

    /** Its end, if it is done already. */
    public static Optional<ChildState> done(ChildPlan plan, MirroredBook store) {
        return store.book()
                .byId(plan.runId())
                .filter(run -> run.status().equals("FINISHED"))
                .map(ChildRun::done);
    }

    /** How a finished run ended. */
    static ChildState done(Run run) {
        double score = run.metrics().getOrDefault(MetricNames.FINAL + MetricNames.CROSS_ENTROPY, Double.NaN);
        double seconds = run.end()
                .map(end -> Duration.between(run.start(), end).toMillis() / 1e3)
                .orElse(Double.NaN);
        return new Done(score, seconds);
    }

    /**
     * Trains, on an engine that was started.
     *
     * @return how it ended: done or stopped
     * @throws IOException or what else ends a run as failed; the reason is kept with the run
     */
    public ChildState run(Device device) throws IOException {
        try (RunLock lock = lock()) {
            Optional<Run> begun = store.book().byId(plan.runId());
            if (begun.isPresent() && begun.get().status().equals("FINISHED")) {
                return done(begun.get()); // by the process that had the lock
            }
            if (begun.filter(run -> run.tags().containsKey(RunInfo.FAILURE_TAG)).isPresent()) {
                store.book().tag(plan.runId(), Map.of(RunInfo.FAILURE_TAG, ""));
            }
            try {
                boolean goesOn = begun.isPresent()
                        && store.book().artifacts(plan.runId()).list().contains(Provenance.ARTIFACT);
                TrainingSession.Outcome outcome = goesOn ? resume(begun.get(), device, lock) : train(device, lock);
                return outcome.isComplete()
                        ? done(store.book().byId(plan.runId()).orElseThrow())
                        : new Stopped(outcome.result().steps());
            } catch (IOException | RuntimeException e) {
                keepReason(e);
                throw e;
            }
        }
    }

    private TrainingSession.Outcome train(Device device, RunLock lock) throws IOException {
        Experiment experiment = ExperimentLoader.parse(plan.experiment(), "child " + plan.number());
        OpenedCorpus opened = CorpusStore.create().open(plan.corpus(), Experiment.NO_FALLBACK);
        Optional<String> fallback =
                plan.fallbackReason().isEmpty() ? Optional.empty() : Optional.of(plan.fallbackReason());
        TrainingInput input = TrainingInput.of(
                experiment,
                new OpenedCorpus(opened.corpus(), fallback),
                new RunTitle(plan.label(), plan.isChanged()),
                plan.kernels());
        return session(input, device).train(lock, plan.runId(), plan.command(), plan.tags());
    }

    private TrainingSession.Outcome resume(Run run, Device device, RunLock lock) throws IOException {
        Provenance begun = new StoredRun(store, run).provenance();
        Optional<Checkpoint> checkpoint = Checkpoints.latest(lock.folder(), System.err::println);
        return session(TrainingInput.of(begun, run.name()), device).resume(lock, run.runId(), begun, checkpoint);
    }

    private TrainingSession session(TrainingInput input, Device device) {
        return new TrainingSession(input, device, store, new ChildView(told), stop).withoutReport();
    }

    /** Waits while another process trains the run. */
    private RunLock lock() {
        Path folder = store.book().checkpoints(plan.runId());
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return RunLock.take(folder, plan.runId());
            } catch (TrainingException e) {
                if (System.nanoTime() > deadline || stop.getAsBoolean()) {
                    throw e;
                }
            }
            try {
                Thread.sleep(100);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new TrainingException("interrupted", e);
            }
        }
    }

    private void keepReason(Exception e) {
        String reason = String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", "; ");
        try {
            if (store.book().byId(plan.runId()).isPresent()) {
                String kept = reason.substring(0, Math.min(LONGEST_REASON, reason.length()));
                store.book().tag(plan.runId(), Map.of(RunInfo.FAILURE_TAG, kept));
            }
        } catch (RuntimeException unwritable) {
            e.addSuppressed(unwritable); // a full disk, say: what failed first is what counts
        }
    }
}
