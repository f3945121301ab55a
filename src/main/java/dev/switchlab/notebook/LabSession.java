package dev.switchlab.notebook;

import ai.djl.Device;
import ai.djl.engine.Engine;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.OpenedCorpus;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.tracking.Dataset;
import dev.switchlab.tracking.RunInfo;
import dev.switchlab.tracking.RunLog;
import dev.switchlab.tracking.TrackedRun;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.Trainer;
import dev.switchlab.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the verbs of one sitting share: the store, the current model, and everything that has to be closed at its end. */
final class LabSession implements AutoCloseable {

    private static final Path EXPERIMENTS = Path.of("experiments");
    private static final int CHECKPOINTS_KEPT = 1;

    private final LabStore store;
    private final List<LabModel> models = new ArrayList<>();

    LabSession(LabStore store) {
        this.store = store;
    }

    LabStore store() {
        return store;
    }

    Recipe experiment(String id) {
        return new Recipe(this, ExperimentLoader.load(id, List.of(), EXPERIMENTS));
    }

    LabTable experiments() {
        return Tables.experiments(ExperimentLoader.list(EXPERIMENTS));
    }

    /** The model that verbs without a model mean: the last one loaded or trained. */
    LabModel current() {
        if (models.isEmpty()) {
            throw new LabException("there is no model yet; load(\"\") takes the newest run's, or train one with"
                    + " experiment(\"smoke\").train()");
        }
        return models.get(models.size() - 1);
    }

    LabModel load(String text) throws IOException {
        TrackedRun run = store.find(text);
        Path file = Files.createTempFile("switchlab-weights", ".safetensors");
        try {
            store.weights(run, file);
            return keep(LanguageModel.load(file, Device.cpu()));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private LabModel keep(LanguageModel model) {
        LabModel kept = new LabModel(model);
        models.add(kept);
        return kept;
    }

    TrainedRun train(Experiment experiment) throws IOException {
        OpenedCorpus opened = CorpusStore.create().open(experiment);
        opened.fallbackReason().ifPresent(reason -> System.err.println("WARNING: " + reason));
        TextData data = TextData.of(opened.corpus(), experiment);
        data.tokenizer().encode(experiment.train().samplePrompt()); // fails now rather than after training
        try (RunLog log = store.start(info(experiment, data, opened.fallbackReason()))) {
            LabModel model = keep(LanguageModel.create(experiment, data.tokenizer(), Device.cpu()));
            log.text("experiment.yaml", experiment.toYaml());
            History history = new History(experiment.train().steps());
            Checkpoints checkpoints = new Checkpoints(store.checkpoints(log.runId()), CHECKPOINTS_KEPT);
            TrainingResult result =
                    new Trainer(model.languageModel(), data, log, checkpoints, history, () -> false).run();
            keepWeights(log, model.languageModel());
            log.finish(result.status());
            return new TrainedRun(log.runId(), result, history.table(), model);
        }
    }

    private static void keepWeights(RunLog log, LanguageModel model) throws IOException {
        Path file = Files.createTempFile("switchlab-weights", ".safetensors");
        try {
            model.save(file);
            LabStore.keepWeights(log, file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static RunInfo info(Experiment experiment, TextData data, Optional<String> fallbackReason) {
        Map<String, String> params = new LinkedHashMap<>(experiment.toParams());
        params.put("corpus.name", data.corpus().name());
        params.put("corpus.sha256", data.corpus().sha256());
        params.put("device", "cpu");
        params.put("threads", System.getProperty("ai.djl.pytorch.num_threads", "default"));
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put("switchlab.source", "notebook");
        tags.put("switchlab.torch", Engine.getInstance().getVersion());
        fallbackReason.ifPresent(reason -> tags.put("switchlab.corpus_fallback", reason));
        return new RunInfo(
                experiment.id(),
                experiment.id() + "-seed-" + experiment.seed(),
                experiment.about(),
                "experiment(\"" + experiment.id() + "\").seed(" + experiment.seed()
                        + ").train() at the prompt of make jshell",
                "make jshell",
                Optional.empty(),
                System.getProperty("user.name"),
                params,
                tags,
                Optional.of(new Dataset(
                        data.corpus().name(),
                        data.corpus().sha256(),
                        data.corpus().name(),
                        "training")));
    }

    @Override
    public void close() {
        models.forEach(LabModel::close);
        models.clear();
        store.close();
    }
}
