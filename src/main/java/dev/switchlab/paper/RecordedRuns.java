package dev.switchlab.paper;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.experiment.LaterSettings;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.Sha256;
import dev.switchlab.io.WholeFile;
import dev.switchlab.runs.Run;
import dev.switchlab.sweep.SweepRun;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tech.tablesaw.api.ColumnType;
import tech.tablesaw.api.Row;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;
import tech.tablesaw.io.csv.CsvReadOptions;
import tech.tablesaw.io.csv.CsvWriteOptions;

/**
 * The finished runs of a question with all that is told of them: a CSV file that is committed, a row for each run.
 * Results are written from these files, so that questions begun on one machine go on on another, and anyone can analyze
 * the runs again.
 */
final class RecordedRuns {

    /** Columns that are metrics of a run, and the metric. */
    private static final Map<String, String> METRICS = metrics();

    /** Columns that are parameters or tags of a run, and their name. */
    private static final Map<String, String> PARAMS =
            Map.of("seed", "seed", "steps", "train.steps", "threads", "threads", "text", "corpus.sha256");

    private static final Map<String, String> TAGS = tags();

    private static final List<String> COLUMNS = columns();
    private static final int DIGITS = 16;

    private final Map<String, Map<String, String>> rows = new LinkedHashMap<>();

    private static Map<String, String> metrics() {
        Map<String, String> metrics = new LinkedHashMap<>();
        metrics.put("loss", Comparison.FINAL_SCORE);
        metrics.put("training_loss", MetricNames.FINAL_TRAIN_CROSS_ENTROPY);
        Measures.NUMBERS.forEach(name -> metrics.put(name, name));
        return metrics;
    }

    private static Map<String, String> tags() {
        Map<String, String> tags = new LinkedHashMap<>();
        Measures.TEXTS.forEach(name -> tags.put(name, name));
        tags.put("processor", "switchlab.cpu");
        tags.put("commit", "mlflow.source.git.commit");
        tags.put("dirty", "switchlab.dirty");
        return tags;
    }

    private static List<String> columns() {
        List<String> columns = new ArrayList<>(List.of("variant", "seed", "settings", "run", "steps"));
        columns.addAll(METRICS.keySet());
        columns.addAll(TAGS.keySet());
        columns.addAll(List.of("threads", "text", "begun", "ended"));
        return List.copyOf(columns);
    }

    /**
     * Reads a file; of no runs if there is none.
     *
     * @throws IllegalArgumentException in one line, if the file has other columns
     */
    static RecordedRuns read(Path file) {
        RecordedRuns recorded = new RecordedRuns();
        if (Files.exists(file)) {
            Table table = Table.read()
                    .csv(CsvReadOptions.builder(file.toFile())
                            .columnTypes(column -> ColumnType.STRING)
                            .missingValueIndicator("") // a loss may be NaN
                            .build());
            if (!table.columnNames().equals(COLUMNS)) {
                throw new IllegalArgumentException(
                        file + " has the columns " + table.columnNames() + ", allowed: " + COLUMNS);
            }
            for (Row row : table) {
                Map<String, String> cells = new LinkedHashMap<>();
                COLUMNS.forEach(column -> cells.put(column, row.getString(column)));
                recorded.rows.put(key(cells.get("settings"), cells.get("seed")), cells);
            }
        }
        return recorded;
    }

    /** Writes the file, whole or not at all. */
    void write(Path file) throws IOException {
        Table table = Table.create(COLUMNS.stream().map(StringColumn::create).toArray(StringColumn[]::new));
        rows.values()
                .forEach(row ->
                        COLUMNS.forEach(column -> table.stringColumn(column).append(row.get(column))));
        StringWriter csv = new StringWriter();
        table.write().csv(CsvWriteOptions.builder(csv).lineEnd("\n").build());
        WholeFile.write(file, csv.toString());
    }

    private static String key(String settings, String seed) {
        return settings + " " + seed;
    }

    /** The settings of a run but its seed and the place of its text: what a row stays valid for. */
    private static String digest(SweepRun run, String text) {
        Map<String, String> settings =
                new TreeMap<>(LaterSettings.timeless(run.experiment().toParams()));
        settings.keySet().removeAll(List.of("seed", "corpus", "fallback_corpus"));
        settings.put("corpus.sha256", text);
        return Sha256.of(settings.toString()).substring(0, DIGITS);
    }

    private static String key(SweepRun run, String text) {
        return key(digest(run, text), Long.toString(run.seed()));
    }

    /** Whether there is a row of a run. */
    boolean has(SweepRun run, String text) {
        return rows.containsKey(key(run, text));
    }

    /**
     * Adds a finished run.
     *
     * @param text sha256 of what the run was trained on
     */
    void add(SweepRun run, String text, Run finished, Measures measures) {
        Run measured = measures.measured(finished);
        Map<String, String> row = new HashMap<>();
        row.put("variant", run.variant().isEmpty() ? run.experiment().id() : run.variant());
        row.put("settings", digest(run, text));
        row.put("run", finished.runId());
        PARAMS.forEach((column, name) -> row.put(column, measured.params().getOrDefault(name, "")));
        TAGS.forEach((column, name) -> row.put(column, measured.tags().getOrDefault(name, "")));
        METRICS.forEach((column, name) -> {
            if (measured.metrics().containsKey(name)) {
                row.put(column, Double.toString(measured.metric(name)));
            }
        });
        row.put("begun", finished.start().toString());
        row.put("ended", finished.end().map(Instant::toString).orElse(""));
        COLUMNS.forEach(column -> row.putIfAbsent(column, ""));
        rows.put(key(run, text), row);
    }

    /** The row of a run, as a run; empty if there is none. */
    Optional<Run> find(SweepRun run, String text) {
        return Optional.ofNullable(rows.get(key(run, text))).map(row -> {
            Map<String, String> params = new HashMap<>(run.experiment().toParams());
            PARAMS.forEach((column, name) -> params.put(name, row.get(column)));
            Map<String, String> tags = new HashMap<>();
            TAGS.forEach((column, name) -> tags.put(name, row.get(column)));
            tags.values().removeIf(String::isEmpty);
            Map<String, Double> metrics = new HashMap<>();
            METRICS.forEach((column, name) -> {
                if (!row.get(column).isEmpty()) {
                    metrics.put(name, Double.valueOf(row.get(column)));
                }
            });
            String ended = row.get("ended");
            return new Run(
                    row.get("run"),
                    0,
                    run.experiment().id(),
                    "",
                    "FINISHED",
                    Instant.parse(row.get("begun")),
                    ended.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(ended)),
                    params,
                    tags,
                    metrics);
        });
    }
}
