package dev.switchlab.cli;

import ai.djl.Device;
import ai.djl.engine.Engine;
import dev.switchlab.data.Corpus;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.provenance.Comparison;
import dev.switchlab.provenance.Digests;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.tracking.Dataset;
import dev.switchlab.tracking.RunInfo;
import dev.switchlab.tracking.RunLog;
import dev.switchlab.tracking.RunStatus;
import dev.switchlab.tracking.TrackedRun;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.train.Checkpoint;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.RunLock;
import dev.switchlab.train.Trainer;
import dev.switchlab.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** One training run from first weights, or from a checkpoint, to the last artifact, with what a person sees of it. */
final class TrainingSession {

    private static final int CHECKPOINTS_KEPT = 3;

    private final TrainingInput input;
    private final Experiment experiment;
    private final TextData data;
    private final Device device;
    private final TrackingStore store;
    private final StoreOptions tracking;

    TrainingSession(TrainingInput input, Device device, TrackingStore store, StoreOptions tracking) {
        this.input = input;
        this.experiment = input.experiment();
        this.data = input.data();
        this.device = device;
        this.store = store;
        this.tracking = tracking;
    }

    /** How a run ended. */
    record Outcome(String runId, TrainingResult result) {

        /** 0 when the run is complete, as the shell has it after Ctrl-C otherwise. */
        int exitCode() {
            return result.status() == RunStatus.FINISHED ? 0 : 130;
        }
    }

    /**
     * Trains a new run.
     *
     * @param command what was typed
     * @param more tags beside the usual
     */
    Outcome train(String command, Map<String, String> more) throws IOException {
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), device)) {
            Provenance provenance = Provenance.collect(experiment, command, input.text(), device, model.digest());
            try (RunLog log = store.startRun(info(provenance, more))) {
                log.text("experiment.yaml", experiment.toYaml());
                log.text(Provenance.ARTIFACT, provenance.toJson());
                log.sync();
                try (RunLock lock = RunLock.take(checkpoints(tracking.folder(), log.runId()), log.runId())) {
                    return run(log, model, provenance, lock.folder(), Optional.empty());
                }
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
    Outcome resume(RunLock lock, String runId, Provenance begun, Optional<Checkpoint> checkpoint) throws IOException {
        int step = checkpoint.map(Checkpoint::step).orElse(0);
        // The last steps of a run are scored after its last checkpoint: those points may be there already.
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), device);
                RunLog log = store.resumeRun(runId, step - 1L)) {
            Provenance now = Provenance.collect(experiment, begun.command(), input.text(), device, model.digest());
            log.text(String.format(Locale.ROOT, "resumed/step-%06d-%s", step, Provenance.ARTIFACT), now.toJson());
            Comparison.conditions(begun, now)
                    .forEach((key, pair) -> System.err.printf(
                            "WARNING: %s was '%s' when the run began and is '%s' now: it may not end as it would have%n",
                            key, pair.first(), pair.second()));
            return run(log, model, begun, lock.folder(), checkpoint);
        }
    }

    private Outcome run(
            RunLog log,
            LanguageModel model,
            Provenance provenance,
            Path checkpointFolder,
            Optional<Checkpoint> checkpoint)
            throws IOException {
        try (StopOnSignal stop = new StopOnSignal("stopping: the step in progress is finished and saved ...")) {
            announce(log, model, provenance);
            long start = System.nanoTime();
            TrainingResult result;
            int taken = checkpoint.map(Checkpoint::step).orElse(0);
            try (ConsoleProgress progress =
                    new ConsoleProgress(experiment.train().steps(), taken)) {
                Checkpoints checkpoints = new Checkpoints(checkpointFolder, CHECKPOINTS_KEPT);
                Trainer trainer = new Trainer(model, data, log, checkpoints, progress, stop);
                checkpoint.ifPresent(trainer::resume);
                result = trainer.run();
            }
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
            summarize(log, result, (System.nanoTime() - start) / 1e9);
            return new Outcome(log.runId(), result);
        }
    }

    /** Where a run's checkpoints are. */
    static Path checkpoints(Path folder, String runId) {
        return folder.resolve("checkpoints").resolve(runId);
    }

    /** The same for a run that began earlier, perhaps before it was known to its server. */
    static Path checkpoints(Path folder, TrackedRun run) {
        Path early = checkpoints(folder, run.ownId());
        return Files.isDirectory(early) ? early : checkpoints(folder, run.runId());
    }

    private RunInfo info(Provenance provenance, Map<String, String> more) {
        Map<String, String> params = new LinkedHashMap<>(experiment.toParams());
        Corpus corpus = data.corpus();
        params.put("corpus.name", corpus.name());
        params.put("corpus.sha256", corpus.sha256());
        params.put("corpus.unigram_entropy", String.format(Locale.ROOT, "%.4f", corpus.unigramEntropy()));
        params.put("device", provenance.computation().device());
        params.put("threads", Integer.toString(provenance.computation().threads()));
        Map<String, String> tags = new LinkedHashMap<>(provenance.tags());
        tags.putAll(more);
        return new RunInfo(
                experiment.id(),
                experiment.id() + "-seed-" + experiment.seed(),
                experiment.about(),
                provenance.command(),
                "experiments/" + experiment.id() + ".yaml",
                Optional.of(provenance.source().commit()).filter(commit -> !commit.isEmpty()),
                System.getProperty("user.name"),
                params,
                tags,
                Optional.of(new Dataset(corpus.name(), corpus.sha256(), corpus.name(), "training")));
    }

    private void announce(RunLog log, LanguageModel model, Provenance provenance) {
        System.out.printf(
                Locale.ROOT,
                "experiment  %s (%s semantics, seed %d)%n",
                experiment.id(),
                experiment.semantics().name().toLowerCase(Locale.ROOT),
                experiment.seed());
        System.out.printf(
                Locale.ROOT,
                "corpus      %s, %,d characters, %d different%n",
                data.corpus().name(),
                data.corpus().characters(),
                data.tokenizer().size());
        System.out.printf(
                Locale.ROOT, "model       %,d parameters%n", model.stateDict().size());
        System.out.printf(
                "device      %s, %d threads, PyTorch %s%n",
                provenance.computation().device(),
                provenance.computation().threads(),
                Engine.getInstance().getVersion());
        System.out.printf("promise     %s%n", provenance.promise().text());
        System.out.printf("run         %s in %s%n", log.runId(), tracking.location());
    }

    private static void keepWeights(RunLog log, LanguageModel model) throws IOException {
        Path file = Files.createTempFile("switchlab-weights", ".safetensors");
        try {
            model.save(file);
            log.file("weights.safetensors", file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private void summarize(RunLog log, TrainingResult result, double seconds) {
        if (result.status() == RunStatus.KILLED) {
            System.out.printf(
                    "stopped after step %d of %d; go on with: make resume RUN=%s%n",
                    result.steps(), experiment.train().steps(), log.runId().substring(0, 8));
            return;
        }
        Evaluation whole = result.validation().orElseThrow();
        System.out.printf(
                Locale.ROOT,
                "done in %s: training %.3f, validation %.3f nats per character (%.3f bits, %.1f %% right)%n",
                ConsoleProgress.duration(seconds),
                result.trainCrossEntropy(),
                whole.crossEntropy(),
                whole.bitsPerChar(),
                100 * whole.accuracy());
        System.out.printf("look at it: %s%n", tracking.howToLook());
        System.out.printf(
                "more text:  make sample RUN=%s PROMPT=\"%s\"%n",
                log.runId().substring(0, 8), experiment.train().samplePrompt());
    }
}
