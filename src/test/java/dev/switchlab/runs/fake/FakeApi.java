package dev.switchlab.runs.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Endpoints below {@code /api/2.0/mlflow/}, as MLflow 3.11 answers them. */
final class FakeApi {
    /** Endpoints that change nothing. */
    private static final Set<String> READING = Set.of(
            "experiments/search",
            "experiments/get",
            "experiments/get-by-name",
            "runs/get",
            "runs/search",
            "metrics/get-history",
            "artifacts/list");

    private static final Pattern TAG_FILTER = Pattern.compile("tags\\.[`\"]?([^`\"=]+)[`\"]? = '([^']*)'");
    private static final int MOST_METRICS = 1000;
    private static final int MOST_OTHERS = 100;
    private static final int LARGEST_BODY = 1_000_000;

    private final FakeStore store;
    private final String artifactRoot;

    /**
     * @param artifactRoot where artifacts of new runs are said to lie: {@code mlflow-artifacts:/} for a server that
     *     hands them on
     */
    FakeApi(FakeStore store, String artifactRoot) throws IOException {
        this.store = store;
        this.artifactRoot = artifactRoot;
        store.replay(this::answer);
    }

    /**
     * @return the answer's body
     * @throws Refusal for the other answers of MLflow
     */
    synchronized ObjectNode call(String endpoint, JsonNode request, int bytes) throws IOException {
        if (endpoint.equals("runs/log-batch") && bytes > LARGEST_BODY) {
            throw Refusal.invalid("Batched logging API requests must be at most " + LARGEST_BODY
                    + " bytes, got a request of size " + bytes + ".");
        }
        if (!READING.contains(endpoint)) {
            store.record(endpoint, request);
        }
        return answer(endpoint, request);
    }

    private ObjectNode answer(String endpoint, JsonNode request) {
        return switch (endpoint) {
            case "experiments/create" -> createExperiment(request);
            case "experiments/get" -> wrap("experiment", store.experiment(text(request, "experiment_id")));
            case "experiments/get-by-name" -> wrap("experiment", experimentOfName(request));
            case "experiments/search" ->
                page("experiments", new ArrayList<>(store.experiments.values()), request, request.path("max_results"));
            case "experiments/set-experiment-tag" -> setExperimentTag(request);
            case "runs/create" -> createRun(request);
            case "runs/get" -> wrap("run", store.run(request).json());
            case "runs/search" -> page("runs", foundRuns(request), request, request.path("max_results"));
            case "metrics/get-history" -> history(request);
            case "artifacts/list" -> artifacts(request);
            default -> changeRun(endpoint, store.run(request), request);
        };
    }

    private static ObjectNode changeRun(String endpoint, FakeRun run, JsonNode request) {
        switch (endpoint) {
            case "runs/update" -> {
                run.active().update(request);
                return wrap("run_info", run.info());
            }
            case "runs/delete" -> run.delete(true);
            case "runs/restore" -> run.delete(false);
            case "runs/log-batch" -> logBatch(run.active(), request);
            case "runs/log-metric" -> {
                text(request, "value");
                run.active().points(List.of(request));
            }
            case "runs/log-parameter" -> run.active().param(text(request, "key"), text(request, "value"));
            case "runs/set-tag" -> run.active().tag(text(request, "key"), text(request, "value"));
            case "runs/delete-tag" -> {
                if (run.active().tags().remove(text(request, "key")) == null) {
                    throw Refusal.missing("No tag with name: " + text(request, "key") + " in run with id " + run.id);
                }
            }
            case "runs/log-inputs" -> request.path("datasets").forEach(run.active()::input);
            default -> throw new UnsupportedOperationException(endpoint);
        }
        return FakeStore.JSON.createObjectNode();
    }

    private ObjectNode createExperiment(JsonNode request) {
        String name = text(request, "name");
        if (store.experiments.values().stream()
                .anyMatch(one -> one.path("name").asText().equals(name))) {
            throw Refusal.exists("Experiment(name=" + name + ") already exists.");
        }
        return FakeStore.JSON.createObjectNode().put("experiment_id", store.addExperiment(request));
    }

    private ObjectNode experimentOfName(JsonNode request) {
        String name = text(request, "experiment_name");
        return store.experiments.values().stream()
                .filter(one -> one.path("name").asText().equals(name))
                .findFirst()
                .orElseThrow(() -> Refusal.missing("Could not find experiment with name '" + name + "'"));
    }

    private ObjectNode setExperimentTag(JsonNode request) {
        ArrayNode tags = store.experiment(text(request, "experiment_id")).withArray("tags");
        for (int i = tags.size() - 1; i >= 0; i--) {
            if (tags.get(i).path("key").equals(request.path("key"))) {
                tags.remove(i);
            }
        }
        tags.addObject().put("key", text(request, "key")).put("value", text(request, "value"));
        return FakeStore.JSON.createObjectNode();
    }

    private ObjectNode createRun(JsonNode request) {
        String experiment = request.path("experiment_id").asText("0");
        store.experiment(experiment);
        String id = store.nextRunId();
        FakeRun run = new FakeRun(id, experiment, artifactRoot + experiment + "/" + id + "/artifacts", request);
        store.runs.put(id, run);
        return wrap("run", run.json());
    }

    private static void logBatch(FakeRun run, JsonNode request) {
        int metrics = request.path("metrics").size();
        int params = request.path("params").size();
        int tags = request.path("tags").size();
        requireAtMost(MOST_METRICS, metrics, "metrics");
        requireAtMost(MOST_OTHERS, params, "params");
        requireAtMost(MOST_OTHERS, tags, "tags");
        requireAtMost(MOST_METRICS, metrics + params + tags, "metrics, params, and tags");
        Set<String> keys = new HashSet<>();
        for (JsonNode param : request.path("params")) {
            if (!keys.add(text(param, "key"))) {
                throw Refusal.invalid("Duplicate parameter keys have been submitted: ['" + text(param, "key")
                        + "']. Please ensure the request contains only one param value per param key.");
            }
        }
        request.path("params")
                .forEach(param ->
                        run.param(text(param, "key"), param.path("value").asText()));
        run.points(request.path("metrics"));
        request.path("tags")
                .forEach(tag -> run.tag(text(tag, "key"), tag.path("value").asText()));
    }

    private static void requireAtMost(int most, int count, String what) {
        if (count > most) {
            throw Refusal.invalid("A batch logging request can contain at most " + most + " " + what + ". Got " + count
                    + " " + what + ". Please split up " + what + " across multiple requests and try again.");
        }
    }

    private List<ObjectNode> foundRuns(JsonNode request) {
        Set<String> experiments = new HashSet<>();
        request.path("experiment_ids").forEach(id -> experiments.add(id.asText()));
        String view = request.path("run_view_type").asText("ACTIVE_ONLY");
        Matcher filter = TAG_FILTER.matcher(request.path("filter").asText());
        boolean filtered = !request.path("filter").asText().isEmpty();
        if (filtered && !filter.matches()) {
            throw Refusal.invalid("the fake server knows no such filter: " + request.path("filter"));
        }
        return store.runs.values().stream()
                .filter(run -> experiments.contains(run.experimentId))
                .filter(run -> view.equals("ALL") || run.isDeleted() == view.equals("DELETED_ONLY"))
                .filter(run -> !filtered || filter.group(2).equals(run.tags().get(filter.group(1))))
                .sorted(Comparator.comparingLong(FakeRun::startTime).reversed())
                .map(FakeRun::json)
                .toList();
    }

    /** MLflow 3 gives no points where the request does not say how many. */
    private ObjectNode history(JsonNode request) {
        if (!request.has("max_results")) {
            return FakeStore.JSON.createObjectNode();
        }
        List<JsonNode> points = new ArrayList<>();
        store.run(request).history(text(request, "metric_key")).forEach(points::add);
        return page("metrics", points, request, request.path("max_results"));
    }

    private static ObjectNode page(String name, List<? extends JsonNode> all, JsonNode request, JsonNode size) {
        String token = request.path("page_token").asText();
        int from = token.isEmpty()
                ? 0
                : FakeStore.parse(Base64.getDecoder().decode(token))
                        .path("offset")
                        .asInt();
        int to = Math.min(all.size(), from + size.asInt(1000));
        ObjectNode page = FakeStore.JSON.createObjectNode();
        all.subList(from, to).forEach(one -> page.withArray(name).add(one));
        if (to < all.size()) {
            page.put(
                    "next_page_token",
                    Base64.getEncoder().encodeToString(("{\"offset\": " + to + "}").getBytes(StandardCharsets.UTF_8)));
        }
        return page;
    }

    private ObjectNode artifacts(JsonNode request) {
        FakeRun run = store.run(request);
        Path root = store.artifact(run.experimentId + "/" + run.id + "/artifacts");
        Path folder = root.resolve(request.path("path").asText());
        ObjectNode answer = FakeStore.JSON.createObjectNode().put("root_uri", run.artifactUri);
        if (!Files.isDirectory(folder)) {
            return answer;
        }
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder)) {
            Set<Path> sorted = new TreeSet<>();
            found.forEach(sorted::add);
            for (Path file : sorted) {
                ObjectNode json = answer.withArray("files").addObject();
                json.put("path", root.relativize(file).toString()).put("is_dir", Files.isDirectory(file));
                if (!Files.isDirectory(file)) {
                    json.put("file_size", Files.size(file));
                }
            }
            return answer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ObjectNode wrap(String name, JsonNode content) {
        ObjectNode wrapped = FakeStore.JSON.createObjectNode();
        wrapped.set(name, content);
        return wrapped;
    }

    private static String text(JsonNode request, String parameter) {
        JsonNode value = request.path(parameter);
        if (value.isMissingNode() || (value.asText().isEmpty() && parameter.equals("name"))) {
            throw Refusal.invalid("Missing value for required parameter '" + parameter
                    + "'. See the API docs for more information about request parameters.");
        }
        return value.asText();
    }
}
