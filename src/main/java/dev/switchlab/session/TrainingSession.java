package dev.switchlab.session;

import ai.djl.Device;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.provenance.Provenance.Digests;
import dev.switchlab.provenance.Reproduction;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.TrainingInput.FirstWeights;
import dev.switchlab.train.Checkpoint;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.RunLock;
import dev.switchlab.train.RunStatus;
import dev.switchlab.train.Trainer;
import dev.switchlab.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * One training run from first weights, or from a checkpoint, to the last artifact and the report.
 *
 * @param store the book that the run is written into; checkpoints and reports are kept beside it
 * @param stopRequested asked after each step; true ends the run early but in good order
 * @param reports whether a finished run gets its report
 * @param world of several ranks, in which this process is rank 0; the others {@linkplain RankFollower follow}
 * @param expertParallel whether the experts are sharded over the ranks
 */
public record TrainingSession(
        TrainingInput input,
        Device device,
        MirroredBook store,
        TrainingView view,
        BooleanSupplier stopRequested,
        boolean reports,
        ProcessGroup world,
        boolean expertParallel) {

    private static final int CHECKPOINTS_KEPT = 3;

    /** A session of one process. */
    public TrainingSession(
            TrainingInput input,
            Device device,
            MirroredBook store,
            TrainingView view,
            BooleanSupplier stopRequested,
            boolean reports) {
        this(input, device, store, view, stopRequested, reports, ProcessGroup.single(), false);
    }

    /**
     * How a run ended.
     *
     * @param seconds duration of the training
     * @param report the report's file; empty if the run was stopped early, if no report was wanted, or if writing it
     *     failed, for which a warning was given
     */
    public record Outcome(String runId, TrainingResult result, double seconds, Optional<Path> report) {

        /** Whether all steps were taken. */
        public boolean isComplete() {
            return result.status() == RunStatus.FINISHED;
        }
    }

    /**
     * Trains a new run.
     *
     * @param command the command line
     * @param more tags beside the usual
     */
    public Outcome train(String command, Map<String, String> more) throws IOException {
        kernels(); // refuses impossible requests before anything is created
        String runId = store.newRunId();
        try (RunLock lock = RunLock.take(store.book().checkpoints(runId), runId)) {
            return train(lock, runId, command, more);
        }
    }

    /**
     * Trains a run with a given id from its first step.
     *
     * @param lock of the run
     * @param runId its whole id; the book may have the run, cut off before it logged more than parameters
     */
    public Outcome train(RunLock lock, String runId, String command, Map<String, String> more) throws IOException {
        Kernels kernels = kernels();
        FirstWeights first = firstWeights(kernels);
        try (LanguageModel model = first.model()) {
            Provenance provenance = provenance(command, kernels, first);
            try (BookLog log = store.book().byId(runId).isPresent()
                    ? store.resume(runId, -1)
                    : store.begin(input.info(store, provenance, more), runId)) {
                log.text("experiment.yaml", input.experiment().toYaml());
                log.text(Provenance.ARTIFACT, provenance.toJson());
                log.sync();
                return run(log, model, provenance, provenance, lock.folder(), Optional.empty());
            }
        }
    }

    /**
     * Resumes a run.
     *
     * @param lock of the run
     * @param runId its whole id
     * @param begun its provenance when it began
     * @param checkpoint empty to take all steps again, for a run that was cut off before its first checkpoint
     */
    public Outcome resume(RunLock lock, String runId, Provenance begun, Optional<Checkpoint> checkpoint)
            throws IOException {
        int step = checkpoint.map(Checkpoint::step).orElse(0);
        Kernels kernels = kernels();
        FirstWeights first = firstWeights(kernels);
        // The last step's scores come after its checkpoint, so the book may have them already: they are replaced.
        try (LanguageModel model = first.model();
                BookLog log = store.resume(runId, step - 1L)) {
            Provenance now = provenance(begun.command(), kernels, first);
            log.text(String.format(Locale.ROOT, "resumed/step-%06d-%s", step, Provenance.ARTIFACT), now.toJson());
            Reproduction.conditions(begun, now)
                    .forEach((key, pair) -> view.warning(
                            "%s was '%s' when the run began and is '%s' now: the result may differ from an uninterrupted run"
                                    .formatted(key, pair.first(), pair.second())));
            return run(log, model, begun, now, lock.folder(), checkpoint);
        }
    }

    /** The model that a training learns from, until closed. */
    record Teacher(Optional<LanguageModel> model) implements AutoCloseable {

        static Teacher of(TrainingInput input, Device device) {
            return new Teacher(input.teacher(device));
        }

        @Override
        public void close() {
            model.ifPresent(LanguageModel::close);
        }
    }

    private Kernels kernels() {
        input.requireMemory(device, world.size(), expertParallel);
        return input.kernelsOn(device);
    }

    private FirstWeights firstWeights(Kernels kernels) {
        return input.firstWeights(device, kernels, world, expertParallel);
    }

    private Provenance provenance(String command, Kernels kernels, FirstWeights first) {
        return input.provenance(command, device, kernels.toString(), first.digest(), world.size(), expertParallel);
    }

    /** Trains from {@code checkpoint}, then keeps weights, digests and the report. */
    private Outcome run(
            BookLog log,
            LanguageModel model,
            Provenance begun,
            Provenance now,
            Path checkpointFolder,
            Optional<Checkpoint> checkpoint)
            throws IOException {
        view.begun(log.runId(), model, now);
        if (world.size() > 1) {
            new RankFollower.Job(now, checkpoint).broadcast(world);
        }
        long start = System.nanoTime();
        TrainingResult result;
        int taken = checkpoint.map(Checkpoint::step).orElse(0);
        try (TrainingView.Progress progress =
                        view.progress(input.experiment().train().steps(), taken);
                Teacher teacher = Teacher.of(input, device)) {
            Checkpoints checkpoints = new Checkpoints(checkpointFolder, CHECKPOINTS_KEPT);
            Trainer trainer = new Trainer(model, input.data(), log, checkpoints, progress, stopRequested);
            teacher.model().ifPresent(trainer::learnFrom);
            checkpoint.ifPresent(trainer::resume);
            result = trainer.run();
        }
        boolean complete = result.status() == RunStatus.FINISHED;
        try (LanguageModel.Gathered gathered = model.gathered()) {
            LanguageModel whole = gathered.model().orElseThrow();
            keepWeights(log, whole);
            Digests digests = new Digests(
                    begun.digests().initialWeights(),
                    result.checkpoints(),
                    result.metricsDigest(),
                    complete ? whole.digest() : "");
            log.text(Provenance.ARTIFACT, begun.with(digests).toJson());
            log.tags(Map.of(
                    "switchlab.metrics_sha256", digests.metrics(), StoredRun.WEIGHTS_TAG, digests.finalWeights()));
            log.finish(result.status());
            double seconds = (System.nanoTime() - start) / 1e9;
            Optional<Path> report = complete && reports ? report(log.runId(), whole) : Optional.empty();
            return new Outcome(log.runId(), result, seconds, report);
        }
    }

    private static void keepWeights(BookLog log, LanguageModel model) throws IOException {
        Path file = Files.createTempFile("switchlab-weights", ".safetensors");
        try {
            model.save(file);
            log.file(StoredRun.WEIGHTS, file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** The run is complete and stored by now: if its values cannot be read back, only the report is missing. */
    private Optional<Path> report(String runId, LanguageModel model) {
        view.stage("writing the report");
        try {
            StoredRun run = new StoredRun(store, store.find(runId));
            return Optional.of(new Reports(store).write(run, model, Reports.text(model, input.data())));
        } catch (BookException | IOException e) {
            view.warning(
                    "no report: " + e.getMessage() + "; write it later with: make report RUN=" + runId.substring(0, 8));
            return Optional.empty();
        }
    }
}
