package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.switchlab.tracking.store.Experiments.Experiment;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.sql.SQLException;
import java.util.List;

/** The experiments/* endpoints. */
final class ExperimentApi {
    private static final int MAX_PAGE = 50_000;
    private static final int DEFAULT_PAGE = 1000;

    private final Database database;

    ExperimentApi(Database database) {
        this.database = database;
    }

    void create(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String name = name(request, "name");
        String location = artifactLocation(request.string("artifact_location", ""));
        List<KeyValue> tags =
                request.messages("tags").stream().map(ExperimentApi::tag).toList();
        long id = database.write(session -> {
            long created = Experiments.insert(session, name, location, System.currentTimeMillis());
            for (KeyValue tag : tags) {
                Experiments.setTag(session, created, tag);
            }
            return created;
        });
        out.writeStringField("experiment_id", Long.toString(id));
    }

    void get(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String id = request.requiredId("experiment_id");
        write(out, session -> Experiments.require(session, id));
    }

    void getByName(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String name = request.requiredString("experiment_name");
        write(
                out,
                session -> Experiments.byName(session, name)
                        .orElseThrow(() -> ApiException.missing("Could not find experiment with name '" + name + "'")));
    }

    private void write(JsonGenerator out, Database.Work<Experiment> find) throws SQLException, IOException {
        database.read(session -> {
            Experiment experiment = find.run(session);
            out.writeFieldName("experiment");
            experiment.write(out, Experiments.tags(session, experiment.id()));
            return null;
        });
    }

    void search(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        int limit = request.maxResults(DEFAULT_PAGE, MAX_PAGE);
        long offset = PageToken.offset(request);
        ExperimentSearch search = ExperimentSearch.of(
                request.string("filter", ""), request.strings("order_by"), Lifecycle.stages(request, "view_type"));
        database.read(session -> {
            List<Experiment> found = search.run(session, limit + 1, offset);
            if (!found.isEmpty()) {
                out.writeArrayFieldStart("experiments");
                for (Experiment experiment : found.subList(0, Math.min(limit, found.size()))) {
                    experiment.write(out, Experiments.tags(session, experiment.id()));
                }
                out.writeEndArray();
            }
            PageToken.write(out, found.size() > limit, offset + limit);
            return null;
        });
    }

    void update(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String id = request.requiredId("experiment_id");
        boolean rename = request.has("new_name");
        String name = rename ? name(request, "new_name") : "";
        database.write(session -> {
            Experiment experiment = Experiments.require(session, id);
            if (!experiment.isActive()) {
                throw new ApiException(ErrorCode.INVALID_STATE, "Cannot rename a non-active experiment.");
            }
            if (rename) {
                Experiments.rename(session, experiment.id(), name, System.currentTimeMillis());
            }
            return null;
        });
    }

    void delete(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String id = request.requiredId("experiment_id");
        if (id.equals(Experiments.DEFAULT_ID)) {
            throw ApiException.invalid(
                    "Cannot delete the default experiment '0'. This is an internally reserved experiment.");
        }
        database.write(session -> {
            Experiment experiment = Experiments.require(session, id);
            if (!experiment.isActive()) {
                throw ApiException.missing("No Experiment with id=" + id + " exists");
            }
            Experiments.delete(session, experiment, System.currentTimeMillis());
            return null;
        });
    }

    void restore(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String id = request.requiredId("experiment_id");
        database.write(session -> {
            Experiment experiment = Experiments.require(session, id);
            if (experiment.isActive()) {
                throw ApiException.missing("No deleted Experiment with id=" + id + " exists");
            }
            Experiments.restore(session, experiment, System.currentTimeMillis());
            return null;
        });
    }

    void setTag(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String id = request.requiredId("experiment_id");
        KeyValue tag = tag(request);
        database.write(session -> {
            Experiments.setTag(session, Experiments.requireActive(session, id).id(), tag);
            return null;
        });
    }

    void deleteTag(RequestMessage request, JsonGenerator out) throws SQLException, IOException {
        String id = request.requiredId("experiment_id");
        String key = request.requiredString("key");
        database.write(session -> {
            if (!Experiments.deleteTag(
                    session, Experiments.requireActive(session, id).id(), key)) {
                throw ApiException.missing("No tag with name: " + key + " in experiment with id " + id);
            }
            return null;
        });
    }

    private static String name(RequestMessage request, String field) {
        String name = request.requiredString(field);
        Names.checkLength(name, Names.MAX_EXPERIMENT_NAME, field);
        return name;
    }

    private static KeyValue tag(RequestMessage request) {
        String key = request.requiredString("key");
        Names.checkKey(key, "key", "Tag key");
        String value = request.string("value", "");
        Names.checkLength(value, Names.MAX_EXPERIMENT_TAG_VALUE, "Tag value");
        return new KeyValue(key, value);
    }

    /** Empty, or a URI that climbs nowhere. */
    private static String artifactLocation(String location) {
        try {
            URI uri = new URI(location);
            boolean climbs = List.of(location.split("/", -1)).contains("..");
            if (uri.getRawQuery() == null && uri.getRawFragment() == null && !climbs) {
                if (ArtifactPath.isServed(location)) {
                    ArtifactPath.ofUri(location);
                }
                return location;
            }
        } catch (URISyntaxException e) {
            throw new ApiException(
                    ErrorCode.INVALID_PARAMETER_VALUE, "Invalid artifact_location '" + location + "': not a URI", e);
        }
        throw ApiException.invalid("Invalid artifact_location '" + location
                + "': it must have no query, no fragment and no '..', e.g. mlflow-artifacts:/shared");
    }
}
