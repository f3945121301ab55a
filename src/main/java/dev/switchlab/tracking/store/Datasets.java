package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The tables datasets, inputs and input_tags: what a run was trained or evaluated on. */
final class Datasets {
    private static final String COLUMNS =
            "inputs.input_uuid, datasets.name, digest, dataset_source_type, dataset_source, dataset_schema, dataset_profile";

    private Datasets() {}

    /** One dataset; schema and profile may be absent. */
    record Dataset(
            String name,
            String digest,
            String sourceType,
            String source,
            Optional<String> schema,
            Optional<String> profile) {}

    /** A dataset as one run uses it, with tags such as {@code mlflow.data.context}. */
    record Input(Dataset dataset, List<KeyValue> tags) {
        void write(JsonGenerator out) throws IOException {
            out.writeStartObject();
            KeyValue.write(out, "tags", tags);
            out.writeObjectFieldStart("dataset");
            out.writeStringField("name", dataset.name());
            out.writeStringField("digest", dataset.digest());
            out.writeStringField("source_type", dataset.sourceType());
            out.writeStringField("source", dataset.source());
            if (dataset.schema().isPresent()) {
                out.writeStringField("schema", dataset.schema().get());
            }
            if (dataset.profile().isPresent()) {
                out.writeStringField("profile", dataset.profile().get());
            }
            out.writeEndObject();
            out.writeEndObject();
        }
    }

    private record Row(String inputId, Dataset dataset) {}

    /** Adds an input to a run; the same dataset again changes nothing. */
    static void log(Session session, Runs.Run run, Input input) throws SQLException {
        Dataset dataset = input.dataset();
        session.update(
                "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source,"
                        + " dataset_schema, dataset_profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
                        + " ON CONFLICT (experiment_id, name, digest) DO NOTHING",
                newId(),
                run.experimentId(),
                dataset.name(),
                dataset.digest(),
                dataset.sourceType(),
                dataset.source(),
                dataset.schema().orElse(null),
                dataset.profile().orElse(null));
        String datasetId = session.first(
                        "SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
                        row -> row.getString(1),
                        run.experimentId(),
                        dataset.name(),
                        dataset.digest())
                .orElseThrow();
        String inputId = newId();
        int inserted = session.update(
                "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)"
                        + " VALUES (?, 'DATASET', ?, 'RUN', ?) ON CONFLICT DO NOTHING",
                inputId,
                datasetId,
                run.id());
        if (inserted > 0) {
            for (KeyValue tag : input.tags()) {
                session.update(
                        "INSERT INTO input_tags (input_uuid, name, value) VALUES (?, ?, ?)"
                                + " ON CONFLICT (input_uuid, name) DO UPDATE SET value = excluded.value",
                        inputId,
                        tag.key(),
                        tag.value());
            }
        }
    }

    /** The inputs of a run, in order of logging. */
    static List<Input> list(Session session, String runId) throws SQLException {
        List<Row> rows = session.list(
                "SELECT " + COLUMNS + " FROM inputs JOIN datasets ON datasets.dataset_uuid = inputs.source_id"
                        + " WHERE destination_type = 'RUN' AND destination_id = ? AND source_type = 'DATASET'"
                        + " ORDER BY inputs.rowid",
                row -> new Row(row.getString("input_uuid"), read(row)),
                runId);
        List<Input> inputs = new ArrayList<>();
        for (Row row : rows) {
            inputs.add(new Input(
                    row.dataset(),
                    session.list(
                            "SELECT name, value FROM input_tags WHERE input_uuid = ? ORDER BY rowid",
                            tag -> new KeyValue(tag.getString(1), tag.getString(2)),
                            row.inputId())));
        }
        return inputs;
    }

    private static Dataset read(ResultSet row) throws SQLException {
        return new Dataset(
                row.getString("name"),
                row.getString("digest"),
                row.getString("dataset_source_type"),
                row.getString("dataset_source"),
                Optional.ofNullable(row.getString("dataset_schema")),
                Optional.ofNullable(row.getString("dataset_profile")));
    }

    private static String newId() {
        return UUID.randomUUID().toString().replace("-", "");
    }
}
