package dev.switchlab.runs.fake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * What the fake server knows: experiments and runs in memory, artifacts in a folder. Every change is a line of a file
 * there before it is answered, and the file is read at the start: so a server that was killed goes on with all that it
 * had answered.
 */
final class FakeStore {
    static final ObjectMapper JSON = new ObjectMapper();
    static final String RUN_NAME = "mlflow.runName";

    private static final Pattern NAME = Pattern.compile("[\\w.\\- :/]+");
    private static final int LONGEST_NAME = 250;

    final Map<String, ObjectNode> experiments = new LinkedHashMap<>();
    final Map<String, FakeRun> runs = new LinkedHashMap<>();
    private final Path folder;
    private final Path changes;

    /** @param folder is made where it is missing */
    FakeStore(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.changes = folder.resolve("changes");
        addExperiment(JSON.createObjectNode().put("name", "Default"));
    }

    /** A change that a line of the file holds. */
    interface Change {
        void apply(String endpoint, JsonNode request);
    }

    /**
     * Applies all changes of earlier processes; the last line may have been cut off by a kill, and was not answered
     * then.
     */
    void replay(Change change) throws IOException {
        if (!Files.exists(changes)) {
            return;
        }
        String text = Files.readString(changes);
        String whole = text.substring(0, text.lastIndexOf('\n') + 1);
        Files.writeString(changes, whole);
        for (String line : whole.lines().toList()) {
            int space = line.indexOf(' ');
            try {
                change.apply(line.substring(0, space), JSON.readTree(line.substring(space)));
            } catch (Refusal | UnsupportedOperationException e) {
                // It was refused then, too.
            }
        }
    }

    void record(String endpoint, JsonNode request) throws IOException {
        Files.writeString(
                changes, endpoint + " " + request + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    String addExperiment(JsonNode request) {
        String id = Integer.toString(experiments.size());
        ObjectNode experiment = JSON.createObjectNode()
                .put("experiment_id", id)
                .put("name", request.path("name").asText())
                .put("artifact_location", "mlflow-artifacts:/" + id)
                .put("lifecycle_stage", "active");
        request.path("tags").forEach(tag -> experiment.withArray("tags").add(tag));
        experiments.put(id, experiment);
        return id;
    }

    /** Ids follow from the order of the runs, so that they are the same after a restart. */
    String nextRunId() {
        return UUID.nameUUIDFromBytes(("fake run " + runs.size()).getBytes(StandardCharsets.UTF_8))
                .toString()
                .replace("-", "");
    }

    FakeRun run(JsonNode request) {
        String id = request.path("run_id").asText(request.path("run_uuid").asText());
        FakeRun run = runs.get(id);
        if (run == null) {
            throw Refusal.missing("Run with id=" + id + " not found");
        }
        return run;
    }

    ObjectNode experiment(String id) {
        ObjectNode experiment = experiments.get(id);
        if (experiment == null) {
            throw Refusal.missing("No Experiment with id=" + id + " exists");
        }
        return experiment;
    }

    /** @param path below the root of all artifacts */
    Path artifact(String path) {
        Path root = folder.resolve("artifacts");
        Path file = root.resolve(path).normalize();
        if (!file.startsWith(root) || path.contains("..")) {
            throw Refusal.invalid("Invalid path");
        }
        return file;
    }

    /** The file is there as a whole or not at all. */
    void putArtifact(Path file, byte[] bytes) throws IOException {
        Path part = Files.createTempFile(folder, "upload", "");
        Files.write(part, bytes);
        Files.createDirectories(file.getParent());
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    }

    static JsonNode parse(byte[] body) {
        try {
            JsonNode json = JSON.readTree(body);
            return json == null ? JSON.createObjectNode() : json;
        } catch (JsonProcessingException e) {
            return JSON.createObjectNode(); // MLflow goes on to complain of a missing parameter.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The names that MLflow takes for metrics, params and tags. */
    static void requireName(String name, String parameter) {
        if (name.length() > LONGEST_NAME) {
            throw Refusal.invalid("'" + parameter + "' exceeds the maximum length of 250 characters");
        }
        if (!NAME.matcher(name).matches()) {
            throw Refusal.invalid(
                    "Invalid value \"" + name + "\" for parameter '" + parameter + "' supplied: Names may only"
                            + " contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).");
        }
        Path asFile = Path.of(name);
        if (asFile.isAbsolute()
                || name.startsWith("..")
                || !asFile.normalize().toString().equals(name)) {
            throw Refusal.invalid("Invalid value \"" + name + "\" for parameter '" + parameter
                    + "' supplied: Names may be treated as files in certain cases, and must not resolve to other names"
                    + " when treated as such. This name would resolve to '" + asFile.normalize() + "'");
        }
    }
}
