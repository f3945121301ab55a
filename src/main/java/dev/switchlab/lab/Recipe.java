package dev.switchlab.lab;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** An experiment to change or train. Immutable: a change gives another recipe. */
public final class Recipe {

    private final LabSession session;
    private final Experiment experiment;
    private final Map<String, String> changes;

    /** @param changes settings that differ from the experiment's file */
    Recipe(LabSession session, Experiment experiment, Map<String, String> changes) {
        this.session = session;
        this.experiment = experiment;
        this.changes = changes;
    }

    /** With settings changed, as in {@code with("model.n_experts=8 train.steps=50")}. */
    public Recipe with(String... settings) {
        return Guard.call(() -> {
            Map<String, String> all = new LinkedHashMap<>(changes);
            all.putAll(ExperimentLoader.changes(List.of(settings)));
            return new Recipe(session, experiment.with(settings), all);
        });
    }

    /** With another root seed. */
    public Recipe seed(long seed) {
        return with("seed=" + seed);
    }

    /**
     * Trains, logs the run into the book, and makes the model the current one. As in {@code make train}, Ctrl-C ends
     * the run after the current step with a checkpoint, and {@code make resume} continues.
     */
    public TrainedRun train() {
        return Guard.call(() -> Guard.stoppable(stop -> session.train(experiment, changes, stop)));
    }

    /** The experiment record. */
    public Experiment experiment() {
        return experiment;
    }

    /** Every setting. */
    public Table settings() {
        Map<String, String> settings = experiment.toParams();
        return Table.create(
                "settings",
                StringColumn.create("setting", settings.keySet()),
                StringColumn.create("value", settings.values()));
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "experiment %s (%s semantics, seed %d): %s, width %d; %d steps of %d x %d characters of %s",
                experiment.id(),
                experiment.semantics().name().toLowerCase(Locale.ROOT),
                experiment.seed(),
                LabModel.layers(experiment.model()),
                experiment.model().dModel(),
                experiment.train().steps(),
                experiment.train().batchSize(),
                experiment.train().seqLen(),
                experiment.corpus());
    }
}
