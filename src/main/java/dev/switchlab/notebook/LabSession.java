package dev.switchlab.notebook;

import ai.djl.Device;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.session.StoredRun;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What the verbs of one sitting share: the store, the current model, and everything that has to be closed at its end. */
final class LabSession implements AutoCloseable {

    private static final Path EXPERIMENTS = Path.of("experiments");

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
        return keep(new StoredRun(store.tracking(), store.find(text)).model(Device.cpu()));
    }

    private LabModel keep(LanguageModel model) {
        LabModel kept = new LabModel(model);
        models.add(kept);
        return kept;
    }

    /** Trains as {@code make train} does: with provenance, checkpoints and a report, in the same store. */
    TrainedRun train(Experiment experiment) throws IOException {
        TrainingInput input = TrainingInput.of(experiment);
        History history = new History();
        String command = "experiment(\"" + experiment.id() + "\").seed(" + experiment.seed()
                + ").train()  # at the prompt of make jshell";
        TrainingSession.Outcome outcome = new TrainingSession(
                        input, Device.cpu(), store.tracking(), store.folder(), history, () -> false)
                .train(command, Map.of("switchlab.source", "notebook"));
        return new TrainedRun(outcome.runId(), outcome.result(), history.table(), load(outcome.runId()));
    }

    @Override
    public void close() {
        models.forEach(LabModel::close);
        models.clear();
        store.close();
    }
}
