package dev.switchlab.runs.db;

import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The tables of texts by key: params and tags of runs, and tags of experiments. */
public enum TextsTable {
    /** By run. A param never changes after it was logged. */
    PARAMS("params", "run_uuid"),
    /** By run. The tag {@value #RUN_NAME} and the run's name column always agree. */
    TAGS("tags", "run_uuid"),
    /** By experiment; MLflow shows {@code mlflow.note.content} as the description. */
    EXPERIMENT_TAGS("experiment_tags", "experiment_id");

    /** The tag that MLflow shows as the run's name. */
    public static final String RUN_NAME = "mlflow.runName";

    private final String insert;
    private final String select;

    TextsTable(String table, String owner) {
        this.insert = "INSERT INTO " + table + " (key, value, " + owner + ") VALUES (?, ?, ?) ON CONFLICT (key, "
                + owner + ") DO ";
        this.select = "SELECT key, coalesce(value, '') FROM " + table + " WHERE " + owner + " = ? ORDER BY rowid";
    }

    /**
     * Adds texts; an existing key keeps its text.
     *
     * @param id of the run or the experiment
     * @return the number of texts added
     */
    public int add(Session session, Object id, Map<String, String> texts) throws SQLException {
        int added = 0;
        for (Map.Entry<String, String> text : texts.entrySet()) {
            added += session.update(insert + "NOTHING", text.getKey(), text.getValue(), id);
        }
        return added;
    }

    /** Adds texts, replacing those of existing keys. */
    public void set(Session session, Object id, Map<String, String> texts) throws SQLException {
        for (Map.Entry<String, String> text : texts.entrySet()) {
            session.update(insert + "UPDATE SET value = excluded.value", text.getKey(), text.getValue(), id);
        }
        if (this == TAGS && texts.containsKey(RUN_NAME)) {
            session.update("UPDATE runs SET name = ? WHERE run_uuid = ?", texts.get(RUN_NAME), id);
        }
    }

    /** The values of each parameter in the runs of an experiment. */
    public static Map<String, Set<String>> paramsIn(Session session, long experimentId) throws SQLException {
        Map<String, Set<String>> values = new TreeMap<>();
        session.list(
                "SELECT DISTINCT params.key, params.value FROM params JOIN runs USING (run_uuid)"
                        + " WHERE experiment_id = ? AND lifecycle_stage = 'active'",
                row -> values.computeIfAbsent(row.getString(1), key -> new TreeSet<>())
                        .add(row.getString(2)),
                experimentId);
        return values;
    }

    /** The texts of a run or an experiment, in order of logging. */
    public Map<String, String> of(Session session, Object id) throws SQLException {
        Map<String, String> texts = new LinkedHashMap<>();
        session.list(select, row -> texts.put(row.getString(1), row.getString(2)), id);
        return texts;
    }
}
