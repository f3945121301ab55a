package dev.switchlab.session;

import ai.djl.Device;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.provenance.Comparison;
import dev.switchlab.provenance.Digests;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MirroredLog;
import dev.switchlab.train.Checkpoint;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.RunLock;
import dev.switchlab.train.RunStatus;
import dev.switchlab.train.Trainer;
import dev.switchlab.train.TrainingResult;
import dev.switchlab.world.World;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** One training run from first weights, or from a checkpoint, to the last artifact and the report. */
public final class TrainingSession {

    private static final int CHECKPOINTS_KEPT = 3;

    private final TrainingInput input;
    private final Experiment experiment;
    private final TextData data;
    private final Device device;
    private final MirroredBook store;
    private final TrainingView view;
    private final BooleanSupplier stopRequested;
    private final boolean reports;
    private final World world;
    private final boolean expertParallel;

    /**
     * @param store the book that the run is written into; checkpoints and reports are kept beside it
     * @param stopRequested asked after each step; true ends the run early but in good order
     */
    public TrainingSession(
            TrainingInput input, Device device, MirroredBook store, TrainingView view, BooleanSupplier stopRequested) {
        this(input, device, store, view, stopRequested, true);
    }

    /**
     * The same.
     *
     * @param reports whether a finished run gets its report now; it can be written later, too
     */
    public TrainingSession(
            TrainingInput input,
            Device device,
            MirroredBook store,
            TrainingView view,
            BooleanSupplier stopRequested,
            boolean reports) {
        this(input, device, store, view, stopRequested, reports, World.ofOne(), false);
    }

    private TrainingSession(
            TrainingInput input,
            Device device,
            MirroredBook store,
            TrainingView view,
            BooleanSupplier stopRequested,
            boolean reports,
            World world,
            boolean expertParallel) {
        this.world = world;
        this.expertParallel = expertParallel;
        this.reports = reports;
        this.input = input;
        this.experiment = input.experiment();
        this.data = input.data();
        this.device = device;
        this.store = store;
        this.view = view;
        this.stopRequested = stopRequested;
    }

    /**
     * The same session as rank 0 of several; the others {@linkplain RankFollower follow}.
     *
     * @param spread whether each of them has a part of the experts
     */
    public TrainingSession in(World ranks, boolean spread) {
        return new TrainingSession(input, device, store, view, stopRequested, reports, ranks, spread);
    }

    /**
     * How a run ended.
     *
     * @param runId its id
     * @param result what training gave
     * @param seconds that training took
     * @param report the file of its report; empty if the run was stopped, if no report was wanted, or if it could not
     *     be written, which was said then
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
     * @param command what was typed
     * @param more tags beside the usual
     */
    public Outcome train(String command, Map<String, String> more) throws IOException {
        input.kernelsOn(device); // what cannot be is refused before anything is made
        String runId = store.newRunId();
        try (RunLock lock = RunLock.take(checkpoints(store, runId), runId)) {
            return train(lock, runId, command, more);
        }
    }

    /**
     * Trains a run whose id is chosen already, from its first step.
     *
     * @param lock of the run
     * @param runId its whole id; the run may be in the book, cut off before it had anything but its parameters
     */
    public Outcome train(RunLock lock, String runId, String command, Map<String, String> more) throws IOException {
        Kernels kernels = input.kernelsOn(device);
        FirstWeights first = firstWeights(kernels);
        try (LanguageModel model = first.model()) {
            Provenance provenance = Provenance.collect(
                            experiment, command, input.text(), device, kernels.toString(), first.digest())
                    .by(world.size(), expertParallel);
            try (MirroredLog mirrored = store.book().byId(runId).isPresent()
                    ? store.resume(runId, -1)
                    : store.begin(input.info(store, provenance, more), runId)) {
                BookLog log = mirrored.log();
                log.text("experiment.yaml", experiment.toYaml());
                log.text(Provenance.ARTIFACT, provenance.toJson());
                log.sync();
                return run(log, model, provenance, provenance, lock.folder(), Optional.empty());
            }
        }
    }

    /**
     * Goes on with a run.
     *
     * @param lock of the run
     * @param runId its whole id
     * @param begun its provenance, as it began
     * @param checkpoint empty to take all steps again, for a run that was cut off before its first checkpoint
     */
    public Outcome resume(RunLock lock, String runId, Provenance begun, Optional<Checkpoint> checkpoint)
            throws IOException {
        int step = checkpoint.map(Checkpoint::step).orElse(0);
        // The last steps of a run are scored after its last checkpoint: those points may be there already.
        Kernels kernels = input.kernelsOn(device);
        FirstWeights first = firstWeights(kernels);
        try (LanguageModel model = first.model();
                MirroredLog mirrored = store.resume(runId, step - 1L)) {
            BookLog log = mirrored.log();
            Provenance now = Provenance.collect(
                            experiment, begun.command(), input.text(), device, kernels.toString(), first.digest())
                    .by(world.size(), expertParallel);
            log.text(String.format(Locale.ROOT, "resumed/step-%06d-%s", step, Provenance.ARTIFACT), now.toJson());
            Comparison.conditions(begun, now)
                    .forEach((key, pair) -> view.warning(
                            "%s was '%s' when the run began and is '%s' now: it may not end as it would have"
                                    .formatted(key, pair.first(), pair.second())));
            return run(log, model, begun, now, lock.folder(), checkpoint);
        }
    }

    private FirstWeights firstWeights(Kernels kernels) {
        return FirstWeights.of(input, device, kernels, expertParallel ? world : World.ofOne());
    }

    private Outcome run(
            BookLog log,
            LanguageModel model,
            Provenance provenance,
            Provenance now,
            Path checkpointFolder,
            Optional<Checkpoint> checkpoint)
            throws IOException {
        view.begun(log.runId(), model, now);
        if (world.size() > 1) {
            new RankJob(now, checkpoint).tell(world);
        }
        long start = System.nanoTime();
        TrainingResult result;
        int taken = checkpoint.map(Checkpoint::step).orElse(0);
        try (TrainingView.Progress progress = view.progress(experiment.train().steps(), taken)) {
            Checkpoints checkpoints = new Checkpoints(checkpointFolder, CHECKPOINTS_KEPT);
            Trainer trainer = new Trainer(model, data, log, checkpoints, progress, stopRequested, world);
            checkpoint.ifPresent(trainer::resume);
            result = trainer.run();
        }
        try (LanguageModel.Whole whole = model.whole()) {
            return keep(log, whole.model().orElseThrow(), provenance, result, start);
        }
    }

    private Outcome keep(BookLog log, LanguageModel model, Provenance provenance, TrainingResult result, long start)
            throws IOException {
        keepWeights(log, model);
        boolean complete = result.status() == RunStatus.FINISHED;
        Digests digests = new Digests(
                provenance.digests().initialWeights(),
                result.checkpoints(),
                result.metricsDigest(),
                complete ? model.digest() : "");
        log.text(Provenance.ARTIFACT, provenance.with(digests).toJson());
        log.tags(Map.of(
                "switchlab.steps", Integer.toString(result.steps()),
                "switchlab.metrics_sha256", digests.metrics(),
                "switchlab.weights_sha256", digests.finalWeights()));
        log.finish(result.status());
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Outcome(
                log.runId(), result, seconds, complete && reports ? report(log.runId(), model) : Optional.empty());
    }

    /** The run is complete and kept by now: a store that cannot be read back takes nothing from it but the report. */
    private Optional<Path> report(String runId, LanguageModel model) {
        view.stage("writing the report");
        try {
            StoredRun run = new StoredRun(store, store.find(runId));
            return Optional.of(new Reports(store).write(run, model, Reports.text(model, data)));
        } catch (BookException | IOException e) {
            view.warning("no report now: " + e.getMessage() + "; it can be written later with: make report RUN="
                    + runId.substring(0, 8));
            return Optional.empty();
        }
    }

    /** Where a run's checkpoints are. */
    public static Path checkpoints(MirroredBook store, String runId) {
        return store.book().checkpoints(runId);
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
}
