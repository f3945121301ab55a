package dev.switchlab.tracking.store;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * How fast the store takes and gives metrics over HTTP on the loopback interface, from one client thread.
 *
 * <p>Usage: {@code java -cp target/test-classes:target/classes:$(cat target/classpath)
 * dev.switchlab.tracking.store.StoreBenchmark [steps]}. Writes to a new temporary folder and leaves it for a look.
 */
final class StoreBenchmark {
    private static final int LAYERS = 6;
    private static final int EXPERTS = 4;
    private static final int STATISTICS = 5;
    private static final int METRICS_A_STEP = LAYERS * EXPERTS * STATISTICS;
    private static final int HISTORY_POINTS = 100_000;
    private static final int HISTORY_PAGE = 25_000;
    private static final int BATCH = 1000;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI uri;
    /** Every run starts after the one before it has ended, as in life. */
    private long clock = 1_700_000_000_000L;

    private StoreBenchmark(URI uri) {
        this.uri = uri;
    }

    /** Runs everything and prints one line a measurement. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int steps = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 10_000;
        Path runs = Files.createTempDirectory("store-benchmark");
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
            StoreBenchmark benchmark = new StoreBenchmark(server.uri());
            benchmark.logSteps("warm-up, 8 steps a batch", Math.max(1, steps / 10), 8);
            benchmark.logSteps("1 step a batch (120 metrics)", steps, 1);
            benchmark.logSteps("8 steps a batch (960 metrics)", steps, 8);
            benchmark.history();
        }
        System.out.printf(Locale.ROOT, "store %s: %.1f MB%n", runs, Files.size(runs.resolve("mlflow.db")) / 1e6);
    }

    private void logSteps(String name, int steps, int stepsABatch) throws IOException, InterruptedException {
        String runId = createRun(name);
        long start = System.nanoTime();
        long slowest = 0;
        for (int step = 0; step < steps; step += stepsABatch) {
            StringBuilder body = new StringBuilder("{\"run_id\":\"" + runId + "\",\"metrics\":[");
            for (int s = step; s < Math.min(step + stepsABatch, steps); s++) {
                appendStep(body, s);
            }
            body.setCharAt(body.length() - 1, ']');
            long sent = System.nanoTime();
            post("runs/log-batch", body.append('}').toString());
            slowest = Math.max(slowest, System.nanoTime() - sent);
        }
        clock += steps * 100L;
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "%-32s %,9d metrics in %6.2f s: %,9.0f metrics/s, slowest request %.1f ms%n",
                name,
                steps * METRICS_A_STEP,
                seconds,
                steps * METRICS_A_STEP / seconds,
                slowest / 1e6);
    }

    private void appendStep(StringBuilder body, int step) {
        for (int layer = 0; layer < LAYERS; layer++) {
            for (int expert = 0; expert < EXPERTS; expert++) {
                for (int statistic = 0; statistic < STATISTICS; statistic++) {
                    String key = "layer" + layer + "/expert" + expert + "/statistic" + statistic;
                    append(body, key, Math.sin(step + layer + expert * 0.1 + statistic * 0.01), step);
                }
            }
        }
    }

    private void append(StringBuilder body, String key, double value, int step) {
        body.append("{\"key\":\"").append(key).append("\",\"value\":").append(value);
        body.append(",\"timestamp\":\"").append(clock + step * 100L);
        body.append("\",\"step\":\"").append(step).append("\"},");
    }

    private void history() throws IOException, InterruptedException {
        String runId = createRun("history");
        for (int point = 0; point < HISTORY_POINTS; point += BATCH) {
            StringBuilder body = new StringBuilder("{\"run_id\":\"" + runId + "\",\"metrics\":[");
            for (int i = point; i < point + BATCH; i++) {
                append(body, "layer0/expert0/statistic0", Math.cos(i), i);
            }
            body.setCharAt(body.length() - 1, ']');
            post("runs/log-batch", body.append('}').toString());
        }
        for (int round = 0; round < 3; round++) {
            long start = System.nanoTime();
            int points = 0;
            String token = "";
            do {
                JsonNode page = get("run_id=" + runId + "&metric_key=layer0/expert0/statistic0&max_results="
                        + HISTORY_PAGE + (token.isEmpty() ? "" : "&page_token=" + token.replace("=", "%3D")));
                points += page.get("metrics").size();
                token = page.path("next_page_token").asText();
            } while (!token.isEmpty());
            System.out.printf(
                    Locale.ROOT,
                    "history of %,d points in pages of %,d: %.0f ms%n",
                    points,
                    HISTORY_PAGE,
                    (System.nanoTime() - start) / 1e6);
        }
    }

    private String createRun(String name) throws IOException, InterruptedException {
        return post("runs/create", "{\"experiment_id\":\"0\",\"run_name\":\"" + name + "\"}")
                .at("/run/info/run_id")
                .asText();
    }

    private JsonNode post(String endpoint, String body) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri.resolve("/api/2.0/mlflow/" + endpoint))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private JsonNode get(String query) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(uri.resolve("/api/2.0/mlflow/metrics/get-history?" + query)));
    }

    private JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        if (response.statusCode() != 200) {
            throw new IOException("status " + response.statusCode() + " from " + response.uri());
        }
        return StoreClient.MAPPER.readTree(response.body());
    }
}
