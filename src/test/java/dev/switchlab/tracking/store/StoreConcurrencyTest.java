package dev.switchlab.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several processes and threads on one store: nothing is lost, nobody sees a locked database. */
class StoreConcurrencyTest {
    private static final int PROCESSES = 4;
    private static final int BATCHES = 40;

    @TempDir
    Path runs;

    @Test
    void severalProcessesCreateAndFillOneStoreAtOnce() throws Exception {
        List<StoreProcess> writers = new ArrayList<>();
        for (int i = 0; i < PROCESSES; i++) {
            writers.add(StoreProcess.write(runs, "writer-" + i, BATCHES));
        }
        for (StoreProcess writer : writers) {
            assertThat(writer.line()).isEqualTo("ready");
        }
        for (StoreProcess writer : writers) {
            writer.go();
        }
        for (StoreProcess writer : writers) {
            for (int batch = 0; batch < BATCHES; batch++) {
                assertThat(writer.line()).isEqualTo(Integer.toString(batch));
            }
            assertThat(writer.join()).isZero();
        }
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
            StoreClient client = new StoreClient(server.uri());
            JsonNode found = client.post("runs/search", "{'experiment_ids':['0']}")
                    .json()
                    .get("runs");
            assertThat(found).hasSize(PROCESSES);
            for (JsonNode run : found) {
                assertHolds(client, run, BATCHES);
            }
        }
    }

    @Test
    void aKilledProcessLosesNothingThatWasAnswered() throws Exception {
        int answered = 25;
        try (StoreProcess writer = StoreProcess.write(runs, "killed", 100_000)) {
            assertThat(writer.line()).isEqualTo("ready");
            writer.go();
            for (int batch = 0; batch < answered; batch++) {
                assertThat(writer.line()).isEqualTo(Integer.toString(batch));
            }
            writer.kill();
        }
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
            StoreClient client = new StoreClient(server.uri());
            JsonNode run = client.post("runs/search", "{'experiment_ids':['0']}")
                    .json()
                    .at("/runs/0");
            int batches = run.at("/data/params").size();
            assertThat(batches).isGreaterThanOrEqualTo(answered);
            // Whole batches or nothing: as many points as params.
            assertHolds(client, run, batches);
        }
    }

    private static void assertHolds(StoreClient client, JsonNode run, int batches) throws Exception {
        assertThat(run.at("/data/params")).hasSize(batches);
        String id = run.at("/info/run_id").asText();
        for (int key = 0; key < 10; key++) {
            JsonNode points = client.get("metrics/get-history", Map.of("run_id", id, "metric_key", "m" + key))
                    .json()
                    .get("metrics");
            assertThat(points).hasSize(batches * 10);
            for (int step = 0; step < points.size(); step++) {
                assertThat(points.get(step).get("step").asInt()).isEqualTo(step);
            }
        }
        for (JsonNode latest : run.at("/data/metrics")) {
            assertThat(latest.get("step").asInt()).isEqualTo(batches * 10 - 1);
        }
    }

    @Test
    void manyClientsOfOneServer() throws Exception {
        int clients = 8;
        int points = 100;
        try (TrackingServer server = TrackingServer.start(StoreConfig.of(runs))) {
            StoreClient client = new StoreClient(server.uri());
            String id = client.createRun("0", "shared");
            ExecutorService threads = Executors.newFixedThreadPool(clients);
            List<Future<Integer>> done = new ArrayList<>();
            for (int thread = 0; thread < clients; thread++) {
                int own = thread;
                done.add(threads.submit(() -> {
                    int failures = 0;
                    for (int i = 0; i < points; i++) {
                        int step = i * clients + own;
                        String metric = "{'run_id':'" + id + "','key':'x','value':" + step + ",'timestamp':1,'step':"
                                + step + "}";
                        failures += client.post("runs/log-metric", metric).status() == 200 ? 0 : 1;
                        failures += client.get("runs/get", Map.of("run_id", id)).status() == 200 ? 0 : 1;
                    }
                    return failures;
                }));
            }
            for (Future<Integer> failures : done) {
                assertThat(failures.get()).isZero();
            }
            threads.shutdown();
            JsonNode run = client.get("runs/get", Map.of("run_id", id)).json();
            assertThat(run.at("/run/data/metrics/0/step").asInt()).isEqualTo(clients * points - 1);
            assertThat(client.get("metrics/get-history", Map.of("run_id", id, "metric_key", "x"))
                            .json()
                            .get("metrics"))
                    .hasSize(clients * points);
        }
    }

    @Test
    void closingWaitsForTheRequestUnderWay() throws Exception {
        TrackingServer server = TrackingServer.start(StoreConfig.of(runs));
        StoreClient client = new StoreClient(server.uri());
        String path = "/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/slow.txt";
        SlowStream body = new SlowStream();
        CompletableFuture<HttpResponse<String>> upload = client.http()
                .sendAsync(
                        HttpRequest.newBuilder(client.uri(path))
                                .PUT(HttpRequest.BodyPublishers.ofInputStream(() -> body))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        Path uploads = runs.resolve("mlartifacts/.uploads");
        while (!uploads.toFile().exists() || uploads.toFile().list().length == 0) {
            Thread.sleep(5);
        }
        CompletableFuture<Void> closed = CompletableFuture.runAsync(server::close);
        Thread.sleep(100);
        assertThat(closed).isNotDone();
        body.finish();
        assertThat(upload.get().statusCode()).isEqualTo(200);
        closed.get();
        assertThat(runs.resolve("mlartifacts/0/r/artifacts/slow.txt")).hasContent("begin, end");
    }

    /** Gives its first half at once and its second when told. */
    private static final class SlowStream extends InputStream {
        private final byte[] content = "begin, end".getBytes(StandardCharsets.UTF_8);
        private final CompletableFuture<Void> finished = new CompletableFuture<>();
        private int position;

        void finish() {
            finished.complete(null);
        }

        @Override
        public int read() {
            if (position == 5) {
                finished.join();
            }
            return position < content.length ? content[position++] : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            int value = read();
            if (value < 0) {
                return -1;
            }
            target[offset] = (byte) value;
            return 1;
        }
    }
}
