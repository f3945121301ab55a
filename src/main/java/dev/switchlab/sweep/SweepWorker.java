package dev.switchlab.sweep;

import ai.djl.Device;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.OpenedCorpus;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.Origins;
import dev.switchlab.session.Pace;
import dev.switchlab.session.RunTitle;
import dev.switchlab.session.StoredRun;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.session.TrainingView;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Stopped;
import dev.switchlab.train.Checkpoint;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.RunLock;
import dev.switchlab.train.StepMetrics;
import dev.switchlab.train.TrainingException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What the process of one run does: trains it, or resumes it from its newest checkpoint, unless it is done. The run
 * gets no report of its own; {@code make report} writes one later, and the sweep has one for all.
 *
 * @param store the book to write
 * @param stop asked after each step; true ends the run in good order
 * @param told takes the status as it changes
 */
public record SweepWorker(RunPlan plan, MirroredBook store, BooleanSupplier stop, Consumer<Status> told) {

    /** The workers of a killed sweep first take their step and save. */
    private static final Duration LOCK_PATIENCE = Duration.ofMinutes(1);

    private static final Duration PROGRESS_INTERVAL = Duration.ofMillis(300);
    private static final int LONGEST_REASON = 1000;

    /** The result, if the run is finished already. */
    public Optional<Status> done() {
        return Optional.of(Status.of(run())).filter(Done.class::isInstance);
    }

    /**
     * Trains, on an engine that was started.
     *
     * @return done or stopped
     * @throws IOException or another exception that ends the run as failed; the book keeps the reason
     */
    public Status run(Device device) throws IOException {
        try (RunLock lock = lock()) {
            Optional<Status> done = done();
            if (done.isPresent()) {
                return done.get(); // by the process that had the lock
            }
            Optional<Run> begun = run();
            if (begun.filter(run -> run.tags().containsKey(RunInfo.FAILURE_TAG)).isPresent()) {
                store.book().tag(plan.runId(), Map.of(RunInfo.FAILURE_TAG, ""));
            }
            try {
                boolean resumes = begun.isPresent()
                        && store.book().artifacts(plan.runId()).list().contains(Provenance.ARTIFACT);
                TrainingSession.Outcome outcome = resumes ? resume(begun.get(), device, lock) : train(device, lock);
                return outcome.isComplete()
                        ? Done.of(run().orElseThrow())
                        : new Stopped(outcome.result().steps());
            } catch (IOException | RuntimeException e) {
                keepReason(e);
                throw e;
            }
        }
    }

    private Optional<Run> run() {
        return store.book().byId(plan.runId());
    }

    private TrainingSession.Outcome train(Device device, RunLock lock) throws IOException {
        Experiment experiment = ExperimentLoader.parse(plan.experiment(), "run " + plan.number());
        OpenedCorpus opened = CorpusStore.create().open(plan.corpus(), Experiment.NO_FALLBACK, experiment.tokenizer());
        Optional<String> fallback = Optional.of(plan.fallbackReason()).filter(reason -> !reason.isEmpty());
        TrainingInput input = TrainingInput.of(
                experiment,
                new OpenedCorpus(opened.corpus(), fallback),
                Origins.of(plan.origins(), store),
                new RunTitle(plan.label(), plan.isChanged()),
                plan.kernels());
        return session(input, device).train(lock, plan.runId(), plan.command(), plan.tags());
    }

    private TrainingSession.Outcome resume(Run run, Device device, RunLock lock) throws IOException {
        Provenance begun = new StoredRun(store, run).provenance();
        Optional<Checkpoint> checkpoint = Checkpoints.latest(lock.folder(), System.err::println);
        return session(TrainingInput.of(begun, run.name(), Origins.of(begun.origins(), store)), device)
                .resume(lock, run.runId(), begun, checkpoint);
    }

    private TrainingSession session(TrainingInput input, Device device) {
        return new TrainingSession(input, device, store, new View(input), stop, false);
    }

    /** Waits while another process trains the run. */
    private RunLock lock() {
        Path folder = store.book().checkpoints(plan.runId());
        long deadline = System.nanoTime() + LOCK_PATIENCE.toNanos();
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
            if (run().isPresent()) {
                String kept = reason.substring(0, Math.min(LONGEST_REASON, reason.length()));
                store.book().tag(plan.runId(), Map.of(RunInfo.FAILURE_TAG, kept));
            }
        } catch (RuntimeException unwritable) {
            e.addSuppressed(unwritable); // such as a full disk: the first failure counts
        }
    }

    /** Tells the progress now and then. */
    private final class View implements TrainingView, TrainingView.Progress {

        private final TrainingInput input;
        private int steps;
        private Pace pace;

        View(TrainingInput input) {
            this.input = input;
        }

        @Override
        public Progress progress(int all, int taken) {
            steps = all;
            pace = new Pace(input, taken, PROGRESS_INTERVAL);
            told.accept(new Running(taken, steps, Double.NaN, OptionalDouble.empty()));
            return this;
        }

        @Override
        public void step(int step, StepMetrics result) {
            if (pace.step(step, result.crossEntropy()) || step == steps) {
                told.accept(new Running(step, steps, pace.loss(), pace.secondsLeft()));
            }
        }

        @Override
        public void stage(String what) {}
    }
}
