package dev.switchlab.lab;

import ai.djl.Device;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.analysis.RunTables;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.Run;
import dev.switchlab.session.Reports;
import dev.switchlab.session.StoredRun;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import tech.tablesaw.api.Table;

/**
 * What the verbs of one session share: the book, the current model, and everything that has to be closed at its end.
 */
final class LabSession implements AutoCloseable {

    private static final Path EXPERIMENTS = Path.of("experiments");

    private static final List<String> LOSSES =
            List.of(MetricNames.TRAIN_CROSS_ENTROPY, MetricNames.VALID + MetricNames.CROSS_ENTROPY);

    private final LabStore store;
    private final Supplier<Device> engine;
    private Device device;
    private final List<LabModel> models = new ArrayList<>();

    /**
     * @param engine starts the engine and says where models compute; asked once, when a model is first wanted: it takes
     *     half a second
     */
    LabSession(LabStore store, Supplier<Device> engine) {
        this.store = store;
        this.engine = engine;
    }

    private Device device() {
        if (device == null) {
            device = engine.get();
        }
        return device;
    }

    LabStore store() {
        return store;
    }

    Recipe experiment(String id) {
        return new Recipe(this, ExperimentLoader.load(id, List.of(), EXPERIMENTS), Map.of());
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

    LabModel load(Run run) throws IOException {
        return keep(new StoredRun(store.book(), run).model(device()));
    }

    Path report(String name) throws IOException {
        StoredRun run = new StoredRun(store.book(), store.find(name));
        if (run.run().isSummary()) {
            return new Reports(store.book()).write(run.children(), run.run());
        }
        try (LanguageModel model = run.model(device())) {
            return new Reports(store.book()).write(run, model, Reports.text(model, run.data(model)));
        }
    }

    RunSource source() {
        return RunSource.of(store.book());
    }

    LabTable history(String name, String... metrics) {
        Run run = store.find(name);
        Set<String> logged = new TreeSet<>(run.metrics().keySet());
        Set<String> chosen = new TreeSet<>();
        for (String metric : metrics) {
            List<String> found = logged.stream()
                    .filter(key -> metric.endsWith("/") ? key.startsWith(metric) : key.equals(metric))
                    .toList();
            if (found.isEmpty()) {
                throw new LabException("run " + run.shortId() + " has no metric '" + metric + "', it has: "
                        + String.join(", ", summary(logged)));
            }
            chosen.addAll(found);
        }
        if (metrics.length == 0) {
            LOSSES.stream().filter(logged::contains).forEach(chosen::add);
        }
        Table points = new RunTables(source()).histories(List.of(run), chosen::contains);
        return new LabTable(points)
                .select("step", "metric", "value")
                .wide("metric", "value")
                .sort("step");
    }

    /** Metrics by name, those of layers by the beginning that they share. */
    private static Set<String> summary(Set<String> metrics) {
        return metrics.stream()
                .map(name -> name.matches("(layer\\d+|system)/.*") ? name.substring(0, name.indexOf('/') + 1) : name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private LabModel keep(LanguageModel model) {
        LabModel kept = new LabModel(model);
        models.add(kept);
        return kept;
    }

    /**
     * Trains as {@code make train} does: with provenance, checkpoints and a report, in the same store.
     *
     * @param changes settings that are not as in the experiment's file
     * @param stop asked after each step; true ends the run early but in good order
     */
    TrainedRun train(Experiment experiment, Map<String, String> changes, BooleanSupplier stop) throws IOException {
        TrainingInput input = TrainingInput.of(experiment, changes);
        History history = new History();
        String command = "experiment(\"" + experiment.id() + "\").seed(" + experiment.seed()
                + ").train()  # at the prompt of make jshell";
        TrainingSession.Outcome outcome = new TrainingSession(input, device(), store.book(), history, stop)
                .train(command, Map.of("switchlab.source", "notebook"));
        return new TrainedRun(outcome.runId(), outcome.result(), history.table(), load(store.find(outcome.runId())));
    }

    @Override
    public void close() {
        models.forEach(LabModel::close);
        models.clear();
        store.close();
    }
}
