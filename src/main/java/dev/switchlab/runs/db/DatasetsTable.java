package dev.switchlab.runs.db;

import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** The tables datasets, inputs and input_tags: the training data of runs. */
public final class DatasetsTable {
    private static final String CONTEXT = "mlflow.data.context";

    private DatasetsTable() {}

    /**
     * A dataset and its use by a run.
     *
     * @param digest at most 36 characters
     * @param source JSON
     * @param schema JSON
     * @param profile JSON
     * @param context the use, such as {@code training}
     */
    public record DatasetRow(
            String name,
            String digest,
            String sourceType,
            String source,
            String schema,
            String profile,
            String context) {}

    /**
     * Adds a dataset to a run, unless the run already has it.
     *
     * @return the number of datasets added
     */
    public static int log(Session session, String runId, long experimentId, DatasetRow dataset) throws SQLException {
        session.update(
                "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source,"
                        + " dataset_schema, dataset_profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                        + " ON CONFLICT (experiment_id, name, digest) DO NOTHING",
                newId(),
                experimentId,
                dataset.name(),
                dataset.digest(),
                dataset.sourceType(),
                dataset.source(),
                dataset.schema(),
                dataset.profile());
        String datasetId = session.first(
                        "SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
                        row -> row.getString(1),
                        experimentId,
                        dataset.name(),
                        dataset.digest())
                .orElseThrow();
        String inputId = newId();
        int inserted = session.update(
                "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)"
                        + " VALUES (?, 'DATASET', ?, 'RUN', ?) ON CONFLICT DO NOTHING",
                inputId,
                datasetId,
                runId);
        if (inserted > 0) {
            session.update(
                    "INSERT INTO input_tags (input_uuid, name, value) VALUES (?, ?, ?)",
                    inputId,
                    CONTEXT,
                    dataset.context());
        }
        return inserted;
    }

    /** The datasets of a run, in order of logging. */
    public static List<DatasetRow> of(Session session, String runId) throws SQLException {
        return session.list(
                "SELECT datasets.name, digest, dataset_source_type, dataset_source, coalesce(dataset_schema, ''),"
                        + " coalesce(dataset_profile, ''), coalesce(input_tags.value, '') FROM inputs"
                        + " JOIN datasets ON datasets.dataset_uuid = inputs.source_id"
                        + " LEFT JOIN input_tags ON input_tags.input_uuid = inputs.input_uuid AND input_tags.name = '"
                        + CONTEXT
                        + "' WHERE destination_type = 'RUN' AND destination_id = ? AND source_type = 'DATASET'"
                        + " ORDER BY inputs.rowid",
                row -> new DatasetRow(
                        row.getString(1),
                        row.getString(2),
                        row.getString(3),
                        row.getString(4),
                        row.getString(5),
                        row.getString(6),
                        row.getString(7)),
                runId);
    }

    private static String newId() {
        return UUID.randomUUID().toString().replace("-", "");
    }
}
