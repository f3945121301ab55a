package dev.switchlab.lab;

import ai.djl.Device;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.analysis.RunTables;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import dev.switchlab.session.Origins;
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
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import tech.tablesaw.api.Table;

/** The state that the verbs share: the book of runs, the current model, and everything to close at the end. */
final class LabSession implements AutoCloseable {

    private static final int MOST_RUNS = 200;

    private static final List<String> LOSSES =
            List.of(MetricNames.TRAIN_CROSS_ENTROPY, MetricNames.VALID + MetricNames.CROSS_ENTROPY);

    private final MlflowEnvironment environment;
    private final Path folder;
    private final Supplier<Device> engine;
    private MirroredBook store;
    private Device device;
    private final List<LabModel> models = new ArrayList<>();

    /**
     * @param environment names the server that the book is mirrored to, if any
     * @param folder of the book
     * @param engine starts the engine and chooses the device; called once, for the first model, as it takes half a
     *     second
     */
    LabSession(MlflowEnvironment environment, Path folder, Supplier<Device> engine) {
        this.environment = environment;
        this.folder = folder;
        this.engine = engine;
    }

    private Device device() {
        if (device == null) {
            device = engine.get();
        }
        return device;
    }

    private MirroredBook store() {
        if (store == null) {
            store = MirroredBook.open(folder, environment);
        }
        return store;
    }

    RunSource source() {
        return RunSource.of(store());
    }

    /** The runs of the book, newest first. */
    List<Run> runs() {
        StoredRun.endKilled(store());
        return store().book().runs(Optional.empty(), MOST_RUNS);
    }

    /** A run by its id, the beginning of its id, or its name; of an experiment, or for blank of all, the newest. */
    Run find(String run) {
        return find(run, any -> true);
    }

    private Run find(String text, Predicate<Run> wanted) {
        String name = text.strip();
        List<Run> all = name.isEmpty() ? runs() : store().book().runs(Optional.of(name), MOST_RUNS);
        return all.isEmpty() && !name.isEmpty()
                ? store().find(name)
                : all.stream()
                        .filter(wanted)
                        .findFirst()
                        .orElseThrow(() ->
                                new LabException("there is no run yet; make one with experiment(\"smoke\").train()"));
    }

    /** The model that verbs without a model use: the last one loaded or trained, else that of the newest run. */
    LabModel current() throws IOException {
        if (models.isEmpty()) {
            System.out.println("loading the newest run's " + load(""));
        }
        return models.get(models.size() - 1);
    }

    /** The model of the run, among several of the newest that has one. */
    LabModel load(String run) throws IOException {
        return load(find(run, found -> new StoredRun(store(), found).hasModel()));
    }

    LabModel load(Run run) throws IOException {
        LabModel model = new LabModel(new StoredRun(store(), run).model(this::device));
        models.add(model);
        return model;
    }

    Path report(Run run) throws IOException {
        StoredRun stored = new StoredRun(store(), run);
        Reports reports = new Reports(store());
        if (run.isSummary()) {
            return reports.write(stored.children(""), run);
        }
        try (LanguageModel model = stored.model(this::device)) {
            return reports.write(stored, model, Reports.text(model, stored.data(model)));
        }
    }

    Table history(Run run, String... metrics) {
        Set<String> logged = new TreeSet<>(run.metrics().keySet());
        Set<String> chosen = new TreeSet<>();
        for (String metric : metrics) {
            List<String> found = logged.stream()
                    .filter(key -> metric.endsWith("/") ? key.startsWith(metric) : key.equals(metric))
                    .toList();
            if (found.isEmpty()) {
                throw new LabException("run " + run.shortId() + " has no metric '" + metric + "', allowed: "
                        + String.join(", ", summary(logged)));
            }
            chosen.addAll(found);
        }
        if (metrics.length == 0) {
            LOSSES.stream().filter(logged::contains).forEach(chosen::add);
        }
        Table points = new RunTables(source()).histories(List.of(run), chosen::contains);
        return Tables.wide(points.selectColumns("step", "metric", "value"), "metric", "value")
                .sortOn("step");
    }

    /** Metric names, those of layers and of the machine abbreviated to their prefix. */
    private static Set<String> summary(Set<String> metrics) {
        return metrics.stream()
                .map(name -> name.matches("(layer\\d+|system)/.*") ? name.substring(0, name.indexOf('/') + 1) : name)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /**
     * Trains as {@code make train} does: with provenance, checkpoints and a report, in the same book.
     *
     * @param changes settings that differ from the experiment's file
     * @param stop asked after each step; true ends the run early but in good order
     */
    TrainedRun train(Experiment experiment, Map<String, String> changes, BooleanSupplier stop) throws IOException {
        TrainingInput input = TrainingInput.of(experiment, changes, Origins.of(experiment, store()));
        TrainedRun.History history = new TrainedRun.History(input);
        String command = "experiment(\"" + experiment.id() + "\").seed(" + experiment.seed()
                + ").train()  # at the prompt of make jshell";
        TrainingSession.Outcome outcome = new TrainingSession(input, device(), store(), history, stop, true)
                .train(command, Map.of("switchlab.source", "notebook"));
        return new TrainedRun(outcome.runId(), outcome.result(), history.table(), load(find(outcome.runId())));
    }

    @Override
    public void close() {
        models.forEach(LabModel::close);
        models.clear();
        if (store != null) {
            store.close();
            store = null;
        }
    }
}
