package dev.switchlab.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.switchlab.tracking.store.Transcript.Exchange;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Replays conversations that the official Java client 2.17.2 had with real MLflow servers: same status, content type, fields, types and
 * values, in the same order. Values that a server makes up (run ids, clock times, random names) are compared by shape.
 */
class StoreTranscriptTest {
    private static final String NEWEST = "3.11.2dev0";

    /** Texts that name the real server's inner workings; everything else of these exchanges is compared. */
    private static final Set<String> OWN_MESSAGE = Set.of(
            // SQLAlchemy's account of the constraint that failed
            "createExperiment(duplicate name)",
            "createExperiment(name of a deleted one)",
            // MLflow's account of its temporary download folder
            "GET artifact missing (proxy)",
            // the version served
            "GET /version");

    /** Exchanges in which the older versions differ from the newest, which this server follows. */
    private static final Map<String, String> OLDER_DIFFERENCES = Map.of(
            "raw get-history max_results=2 page 1+2", "2.17 has no pages",
            "searchRuns(page size 1, 3 pages)", "2.17 and 3.3 offer an empty last page",
            "GET artifact missing (proxy)", "2.17 and 3.3 answer 500",
            "GET /get-artifact missing", "2.17 and 3.3 answer 500",
            "GET /api/3.0/mlflow/server-info", "not in 2.17 and 3.3");

    /** Fields that 3.x added to responses. */
    private static final Set<String> NEWER_FIELDS = Set.of("sqlstate", "error_class", "inputs", "outputs");

    private static final Set<String> CLOCK_FIELDS = Set.of("creation_time", "last_update_time");

    @TempDir
    Path runs;

    private final Map<String, String> ownIds = new HashMap<>();

    @ParameterizedTest
    @ValueSource(strings = {"2.17.3dev0", "3.3.2dev0", NEWEST})
    void answersAsTheRecordedServerDid(String version) throws Exception {
        List<String> differences = new ArrayList<>();
        int replayed = 0;
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
            StoreClient client = new StoreClient(server.uri());
            for (Exchange exchange : Transcript.load(version).exchanges()) {
                HttpResponse<String> response = send(client, exchange);
                if (!version.equals(NEWEST) && OLDER_DIFFERENCES.containsKey(exchange.call())) {
                    continue;
                }
                replayed++;
                compare(exchange, response, version.equals(NEWEST), differences);
            }
        }
        assertThat(differences).isEmpty();
        assertThat(replayed).isGreaterThan(115);
    }

    private HttpResponse<String> send(StoreClient client, Exchange exchange) throws IOException, InterruptedException {
        String body = withOwnIds(exchange.body());
        HttpRequest.Builder request = HttpRequest.newBuilder(client.uri(withOwnIds(exchange.path())))
                .method(
                        exchange.method(),
                        exchange.request().isNull()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        if (exchange.call().equals("raw wrong content type")) {
            request.header("Content-Type", "text/plain");
        } else if (exchange.method().equals("POST") && !exchange.call().equals("raw no content type")) {
            request.header("Content-Type", "application/json");
        }
        return client.send(request);
    }

    private String withOwnIds(String text) {
        String result = text;
        for (Map.Entry<String, String> id : ownIds.entrySet()) {
            result = result.replace(id.getKey(), id.getValue());
        }
        return result;
    }

    private void compare(Exchange exchange, HttpResponse<String> response, boolean newest, List<String> differences)
            throws IOException {
        String where = exchange.number() + " " + exchange.call();
        if (response.statusCode() != exchange.status()) {
            differences.add(where + ": status " + response.statusCode() + " instead of " + exchange.status() + ": "
                    + response.body());
            return;
        }
        String type = response.headers().firstValue("Content-Type").orElse("");
        if (!type.equals(exchange.type())) {
            differences.add(where + ": content type " + type + " instead of " + exchange.type());
        }
        if (exchange.response().has("json")) {
            JsonNode own = StoreClient.MAPPER.readTree(response.body());
            learnId(exchange.response().get("json"), own);
            compare(where, exchange, exchange.response().get("json"), own, newest, differences);
        } else if (exchange.call().equals("GET /version")) {
            assertThat(response.body()).matches("\\d+\\.\\d+\\.\\d+.*");
        } else if (!response.body().equals(exchange.response().get("text").asText())) {
            differences.add(where + ": text " + response.body());
        }
    }

    private void learnId(JsonNode recorded, JsonNode own) {
        JsonNode recordedId = recorded.at("/run/info/run_id");
        if (!recordedId.isMissingNode() && !own.at("/run/info/run_id").isMissingNode()) {
            ownIds.putIfAbsent(recordedId.asText(), own.at("/run/info/run_id").asText());
        }
    }

    private void compare(
            String where,
            Exchange exchange,
            JsonNode recorded,
            JsonNode own,
            boolean newest,
            List<String> differences) {
        if (recorded.isObject() && own.isObject()) {
            Set<String> names = new TreeSet<>();
            recorded.fieldNames().forEachRemaining(names::add);
            own.fieldNames().forEachRemaining(names::add);
            for (String name : names) {
                if (!recorded.has(name) && !newest && NEWER_FIELDS.contains(name)) {
                    continue;
                }
                boolean ownMessage = name.equals("message") && OWN_MESSAGE.contains(exchange.call());
                if (!recorded.has(name) || !own.has(name)) {
                    differences.add(where + "." + name + ": only in the " + (own.has(name) ? "answer" : "record"));
                } else if (ownMessage || CLOCK_FIELDS.contains(name)) {
                    sameType(where + "." + name, recorded.get(name), own.get(name), differences);
                } else {
                    compare(where + "." + name, exchange, recorded.get(name), own.get(name), newest, differences);
                }
            }
        } else if (recorded.isArray() && own.isArray()) {
            compareLists(where, exchange, recorded, own, newest, differences);
        } else if (recorded.isTextual() && own.isTextual()) {
            compareTexts(where, recorded.textValue(), own.textValue(), differences);
        } else if (recorded.isNumber() && own.isNumber()) {
            if (recorded.isIntegralNumber() != own.isIntegralNumber()
                    || Double.compare(recorded.doubleValue(), own.doubleValue()) != 0) {
                differences.add(where + ": " + own + " instead of " + recorded);
            }
        } else if (!recorded.equals(own)) {
            differences.add(where + ": " + own + " instead of " + recorded);
        }
    }

    private void compareLists(
            String where,
            Exchange exchange,
            JsonNode recorded,
            JsonNode own,
            boolean newest,
            List<String> differences) {
        int shown = recorded.size();
        int size = shown;
        if (shown > 0 && recorded.get(shown - 1).has(Transcript.OMITTED)) {
            shown--;
            size = shown + recorded.get(shown).get(Transcript.OMITTED).asInt();
        }
        if (own.size() != size) {
            differences.add(where + ": " + own.size() + " elements instead of " + size + ": " + own);
            return;
        }
        for (int i = 0; i < shown; i++) {
            compare(where + "[" + i + "]", exchange, recorded.get(i), own.get(i), newest, differences);
        }
    }

    private void compareTexts(String where, String recorded, String own, List<String> differences) {
        String expected = withOwnIds(recorded);
        boolean same;
        if (Transcript.cutLength(recorded) >= 0) {
            same = own.length() == Transcript.cutLength(recorded) && own.startsWith(Transcript.prefix(expected));
        } else if (recorded.matches("[a-z]+-[a-z]+-\\d+")) {
            same = own.matches("[a-z]+-[a-z]+-\\d+");
        } else {
            same = own.equals(expected);
        }
        if (!same) {
            differences.add(where + ": '" + own + "' instead of '" + expected + "'");
        }
    }

    private static void sameType(String where, JsonNode recorded, JsonNode own, List<String> differences) {
        if (recorded.getNodeType() != own.getNodeType()) {
            differences.add(where + ": " + own + " instead of " + recorded);
        }
    }
}
