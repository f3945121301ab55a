package dev.switchlab.runs.db;

import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The tables experiments and experiment_tags. */
public final class ExperimentsTable {
    /** MLflow's word for what was not deleted. */
    static final String ACTIVE = "active";

    /** How the URI of artifacts that {@code mlflow server} serves from {@code mlartifacts/} begins. */
    public static final String ARTIFACT_ROOT = "mlflow-artifacts:/";

    private static final String COLUMNS = "name, artifact_location, lifecycle_stage, creation_time, last_update_time";

    private ExperimentsTable() {}

    /**
     * One experiment.
     *
     * @param isActive false if MLflow's user deleted it
     */
    public record ExperimentRow(long id, String name, boolean isActive) {}

    /** The experiment that {@code mlflow server} expects in every store. */
    static void insertDefault(Session session, long now) throws SQLException {
        session.update(
                "INSERT INTO experiments (experiment_id, " + COLUMNS + ") VALUES (0, 'Default', ?, ?, ?, ?)",
                ARTIFACT_ROOT + "0",
                ACTIVE,
                now,
                now);
    }

    /**
     * The experiment of that name, made if there is none.
     *
     * @param now ms since 1970
     */
    public static ExperimentRow named(Session session, String name, long now) throws SQLException {
        Optional<ExperimentRow> known = find(session, name);
        if (known.isPresent()) {
            return known.get();
        }
        session.update("INSERT INTO experiments (" + COLUMNS + ") VALUES (?, '', ?, ?, ?)", name, ACTIVE, now, now);
        session.update(
                "UPDATE experiments SET artifact_location = ? || experiment_id WHERE name = ?", ARTIFACT_ROOT, name);
        return find(session, name).orElseThrow();
    }

    private static Optional<ExperimentRow> find(Session session, String name) throws SQLException {
        return session.first(
                "SELECT experiment_id, name, lifecycle_stage FROM experiments WHERE name = ?",
                row -> new ExperimentRow(row.getLong(1), row.getString(2), ACTIVE.equals(row.getString(3))),
                name);
    }

    /** Sets a tag of an experiment; MLflow shows {@code mlflow.note.content} as its description. */
    public static void setTag(Session session, long id, String key, String value) throws SQLException {
        session.update(
                "INSERT INTO experiment_tags (key, value, experiment_id) VALUES (?, ?, ?)"
                        + " ON CONFLICT (key, experiment_id) DO UPDATE SET value = excluded.value",
                key,
                value,
                id);
    }

    /**
     * Adds tags to an experiment; a tag that is there stays as it is.
     *
     * @return how many were added
     */
    public static int addTags(Session session, long id, Map<String, String> tags) throws SQLException {
        int added = 0;
        for (Map.Entry<String, String> tag : tags.entrySet()) {
            added += session.update(
                    "INSERT INTO experiment_tags (key, value, experiment_id) VALUES (?, ?, ?)"
                            + " ON CONFLICT (key, experiment_id) DO NOTHING",
                    tag.getKey(),
                    tag.getValue(),
                    id);
        }
        return added;
    }

    /** The tags of an experiment. */
    public static Map<String, String> tags(Session session, String experiment) throws SQLException {
        Map<String, String> tags = new LinkedHashMap<>();
        session.list(
                "SELECT key, value FROM experiment_tags JOIN experiments USING (experiment_id) WHERE name = ?",
                row -> tags.put(
                        row.getString(1), Optional.ofNullable(row.getString(2)).orElse("")),
                experiment);
        return tags;
    }
}
