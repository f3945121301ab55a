package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.switchlab.tracking.store.Experiments.Experiment;
import dev.switchlab.tracking.store.Runs.Run;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The endpoints runs/create, get, search, update, delete and restore. */
final class RunApi {
    private static final int MAX_PAGE = 50_000;
    private static final int DEFAULT_PAGE = 1000;
    private static final List<String> STATUS_NUMBERS =
            List.of("", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED");

    private final Database database;

    RunApi(Database database) {
        this.database = database;
    }

    void create(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String experimentId =
                request.has("experiment_id") ? request.requiredId("experiment_id") : Experiments.DEFAULT_ID;
        List<KeyValue> tags = new ArrayList<>(LoggingApi.tags(request, "tags"));
        String name = runName(request.string("run_name", ""), tags);
        long startTime = request.optionalLong("start_time").orElseGet(System::currentTimeMillis);
        String userId = request.string("user_id", "");
        String id = UUID.randomUUID().toString().replace("-", "");
        Run run = database.write(session -> {
            Experiment experiment = Experiments.requireActive(session, experimentId);
            Run created = new Run(
                    id,
                    experiment.id(),
                    name,
                    userId,
                    "RUNNING",
                    Optional.of(startTime),
                    Optional.empty(),
                    append(experiment.artifactLocation(), id + "/artifacts"),
                    Lifecycle.ACTIVE);
            Runs.insert(session, created);
            for (KeyValue tag : tags) {
                Tags.set(session, id, tag);
            }
            return created;
        });
        out.writeObjectFieldStart("run");
        out.writeFieldName("info");
        run.write(out);
        out.writeObjectFieldStart("data");
        KeyValue.write(out, "tags", tags);
        out.writeEndObject();
        out.writeObjectFieldStart("inputs");
        out.writeEndObject();
        out.writeEndObject();
    }

    /** The run's name, from the field, the tag or chance; adds the tag when it is absent. */
    private static String runName(String field, List<KeyValue> tags) {
        Optional<String> tag = tags.stream()
                .filter(t -> t.key().equals(Tags.RUN_NAME))
                .map(KeyValue::value)
                .filter(value -> !value.isEmpty())
                .findFirst();
        if (tag.isPresent()) {
            if (!field.isEmpty() && !field.equals(tag.get())) {
                throw ApiException.invalid(
                        "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different"
                                + " values (run_name='" + field + "', mlflow.runName='" + tag.get() + "').");
            }
            return tag.get();
        }
        String name = field.isEmpty() ? RunNames.random() : field;
        tags.removeIf(t -> t.key().equals(Tags.RUN_NAME));
        tags.add(new KeyValue(Tags.RUN_NAME, name));
        return name;
    }

    private static String append(String uri, String path) {
        return uri.endsWith("/") ? uri + path : uri + "/" + path;
    }

    void get(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String id = request.requiredString("run_id", "run_uuid");
        database.read(session -> {
            Run run = Runs.require(session, id);
            out.writeFieldName("run");
            write(session, run, out);
            return null;
        });
    }

    void search(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        int limit = request.maxResults(DEFAULT_PAGE, MAX_PAGE);
        long offset = PageToken.offset(request);
        RunSearch search = RunSearch.of(
                request.strings("experiment_ids"),
                request.string("filter", ""),
                request.strings("order_by"),
                Lifecycle.stages(request, "run_view_type"));
        database.read(session -> {
            List<Run> found = search.run(session, limit + 1, offset);
            if (!found.isEmpty()) {
                out.writeArrayFieldStart("runs");
                for (Run run : found.subList(0, Math.min(limit, found.size()))) {
                    write(session, run, out);
                }
                out.writeEndArray();
            }
            PageToken.write(out, found.size() > limit, offset + limit);
            return null;
        });
    }

    private static void write(Session session, Run run, JsonGenerator out) throws SQLException, IOException {
        out.writeStartObject();
        out.writeFieldName("info");
        run.write(out);
        out.writeObjectFieldStart("data");
        List<Metric> metrics = Metrics.latest(session, run.id());
        if (!metrics.isEmpty()) {
            out.writeArrayFieldStart("metrics");
            for (Metric metric : metrics) {
                metric.write(out);
            }
            out.writeEndArray();
        }
        KeyValue.write(out, "params", Params.list(session, run.id()));
        KeyValue.write(out, "tags", Tags.list(session, run.id()));
        out.writeEndObject();
        out.writeObjectFieldStart("inputs");
        List<Datasets.Input> inputs = Datasets.list(session, run.id());
        if (!inputs.isEmpty()) {
            out.writeArrayFieldStart("dataset_inputs");
            for (Datasets.Input input : inputs) {
                input.write(out);
            }
            out.writeEndArray();
        }
        out.writeEndObject();
        out.writeObjectFieldStart("outputs");
        out.writeEndObject();
        out.writeEndObject();
    }

    void update(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String id = request.requiredString("run_id", "run_uuid");
        Optional<String> status = request.has("status") ? Optional.of(status(request)) : Optional.empty();
        Optional<Long> endTime = request.optionalLong("end_time");
        Optional<String> name = request.optionalString("run_name").filter(text -> !text.isEmpty());
        name.ifPresent(text -> Names.checkLength(text, Names.MAX_KEY, "run_name"));
        Run updated = database.write(session -> {
            Runs.requireActive(session, id);
            if (status.isPresent()) {
                Runs.setStatus(session, id, status.get());
            }
            if (endTime.isPresent()) {
                Runs.setEndTime(session, id, endTime.get());
            }
            if (name.isPresent()) {
                Tags.set(session, id, new KeyValue(Tags.RUN_NAME, name.get()));
            }
            return Runs.require(session, id);
        });
        out.writeFieldName("run_info");
        updated.write(out);
    }

    /** A run status, by name or by protobuf number. */
    private static String status(RequestMessage request) {
        String text = request.requiredId("status");
        if (text.matches("[1-5]")) {
            return STATUS_NUMBERS.get(Integer.parseInt(text));
        }
        if (!Runs.STATUSES.contains(text)) {
            throw request.invalidValue("status");
        }
        return text;
    }

    void delete(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String id = request.requiredString("run_id");
        database.write(session -> {
            Runs.require(session, id);
            Runs.delete(session, id, System.currentTimeMillis());
            return null;
        });
    }

    void restore(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String id = request.requiredString("run_id");
        database.write(session -> {
            Runs.require(session, id);
            Runs.restore(session, id);
            return null;
        });
    }
}
