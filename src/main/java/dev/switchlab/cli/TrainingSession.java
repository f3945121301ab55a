package dev.switchlab.cli;

import ai.djl.Device;
import ai.djl.engine.Engine;
import dev.switchlab.data.Corpus;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.tracking.Dataset;
import dev.switchlab.tracking.RunInfo;
import dev.switchlab.tracking.RunLog;
import dev.switchlab.tracking.RunStatus;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.Trainer;
import dev.switchlab.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** One training run from first weights to last artifact, with what a person sees of it. */
final class TrainingSession {

    private static final int CHECKPOINTS_KEPT = 3;

    private final Experiment experiment;
    private final TextData data;
    private final Optional<String> fallbackReason;
    private final Device device;
    private final int threads;
    private final StoreOptions tracking;

    TrainingSession(
            Experiment experiment,
            TextData data,
            Optional<String> fallbackReason,
            Device device,
            int threads,
            StoreOptions tracking) {
        this.experiment = experiment;
        this.data = data;
        this.fallbackReason = fallbackReason;
        this.device = device;
        this.threads = threads;
        this.tracking = tracking;
    }

    /** Trains. */
    TrainingResult run() throws IOException {
        try (TrackingStore store = tracking.open();
                RunLog log = store.startRun(info());
                StopOnSignal stop = new StopOnSignal("stopping: the step in progress is finished and saved ...");
                LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), device)) {
            announce(log, model);
            log.text("experiment.yaml", experiment.toYaml());
            Checkpoints checkpoints =
                    new Checkpoints(tracking.folder().resolve("checkpoints").resolve(log.runId()), CHECKPOINTS_KEPT);
            long start = System.nanoTime();
            TrainingResult result;
            try (ConsoleProgress progress =
                    new ConsoleProgress(experiment.train().steps())) {
                result = new Trainer(model, data, log, checkpoints, progress, stop).run();
            }
            keepWeights(log, model);
            log.tags(Map.of("switchlab.steps", Integer.toString(result.steps())));
            log.finish(result.status());
            summarize(log, result, (System.nanoTime() - start) / 1e9);
            return result;
        }
    }

    private RunInfo info() {
        Map<String, String> params = new LinkedHashMap<>(experiment.toParams());
        Corpus corpus = data.corpus();
        params.put("corpus.name", corpus.name());
        params.put("corpus.sha256", corpus.sha256());
        params.put("corpus.unigram_entropy", String.format(Locale.ROOT, "%.4f", corpus.unigramEntropy()));
        params.put("device", device.getDeviceType());
        params.put("threads", Integer.toString(threads));
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put("switchlab.version", Version.current());
        fallbackReason.ifPresent(reason -> tags.put("switchlab.corpus_fallback", reason));
        return new RunInfo(
                experiment.id(),
                experiment.id() + "-seed-" + experiment.seed(),
                experiment.about(),
                reproduceCommand(),
                "experiments/" + experiment.id() + ".yaml",
                Optional.empty(),
                System.getProperty("user.name"),
                params,
                tags,
                Optional.of(new Dataset(corpus.name(), corpus.sha256(), corpus.name(), "training")));
    }

    private String reproduceCommand() {
        return "make train EXPERIMENT=" + experiment.id() + " SEED=" + experiment.seed();
    }

    private void announce(RunLog log, LanguageModel model) {
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
                device.getDeviceType(), threads, Engine.getInstance().getVersion());
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
                    "stopped after step %d of %d; weights saved with run %s%n",
                    result.steps(), experiment.train().steps(), log.runId());
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
