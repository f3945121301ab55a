package dev.switchlab.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Artifacts through the proxy, by the paths that MLflow's clients use. */
class StoreArtifactTest {
    @TempDir
    Path runs;

    private TrackingServer server;
    private StoreClient client;
    private String runId;
    private String path;

    @BeforeEach
    void start() throws Exception {
        server = TrackingServer.start(StoreConfig.of(runs));
        client = new StoreClient(server.uri());
        runId = client.createRun("0", "artifacts");
        path = "/api/2.0/mlflow-artifacts/artifacts/0/" + runId + "/artifacts/";
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a.txt", "deep/er/b.bin", "with%20space.txt", "50%25.txt", "a+b.txt", "na%C3%AFve.txt", ".hidden"
            })
    void keepsNamesAndContents(String name) throws Exception {
        assertThat(client.send("PUT", path + name, "content of " + name).statusCode())
                .isEqualTo(200);
        HttpResponse<String> back = client.send("GET", path + name, "");
        assertThat(back.statusCode()).isEqualTo(200);
        assertThat(back.body()).isEqualTo("content of " + name);
        String plain = name.replace("%20", " ").replace("%25", "%").replace("%C3%AF", "\u00ef");
        assertThat(runs.resolve("mlartifacts/0/" + runId + "/artifacts/" + plain))
                .hasContent("content of " + name);
    }

    @Test
    void replacesDeletesAndListsByName() throws Exception {
        for (String name : new String[] {"b.txt", "a/x.txt", "c.txt"}) {
            client.send("PUT", path + name, "first");
        }
        client.send("PUT", path + "b.txt", "second one");
        assertThat(client.send("DELETE", path + "c.txt", "").statusCode()).isEqualTo(200);
        assertThat(client.send("DELETE", path + "c.txt", "").statusCode()).isEqualTo(404);
        assertThat(client.get("artifacts/list", Map.of("run_id", runId))
                        .json()
                        .get("files")
                        .toString())
                .isEqualTo("[{\"path\":\"a\",\"is_dir\":true},{\"path\":\"b.txt\",\"is_dir\":false,\"file_size\":10}]");
        assertThat(client.send("PUT", path + "a", "a folder is there").statusCode())
                .isEqualTo(400);
        assertThat(client.send("PUT", path + "b.txt/c", "a file is there").statusCode())
                .isEqualTo(400);
        assertThat(client.send("GET", path + "a", "").statusCode()).isEqualTo(404);
    }

    @Test
    void servesNothingThatRunsInABrowser() throws Exception {
        client.send("PUT", path + "page.html", "<script>alert(1)</script>");
        HttpResponse<String> page = client.send("GET", path + "page.html", "");
        assertThat(page.headers().firstValue("Content-Type")).contains("text/plain");
        assertThat(page.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(page.headers().firstValue("Content-Disposition").orElse("")).startsWith("attachment");
    }

    @Test
    void keepsAnEmptyArtifact() throws Exception {
        assertThat(client.send("PUT", path + "empty", "").statusCode()).isEqualTo(200);
        HttpResponse<String> back = client.send("GET", path + "empty", "");
        assertThat(back.statusCode()).isEqualTo(200);
        assertThat(back.body()).isEmpty();
    }

    @Test
    void removesUploadsThatWereAbandonedDaysAgo() throws Exception {
        Path uploads = Files.createDirectories(runs.resolve("mlartifacts/.uploads"));
        Path old = Files.writeString(uploads.resolve("old.part"), "x");
        Path recent = Files.writeString(uploads.resolve("recent.part"), "x");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(2))));
        TrackingServer.start(StoreConfig.of(runs)).close();
        assertThat(old).doesNotExist();
        assertThat(recent).exists();
    }

    /** 100 MB through a server whose heap is 40 MB, both ways. */
    @Test
    void streamsLargeArtifacts(@TempDir Path other) throws Exception {
        long size = 100_000_000;
        try (StoreProcess process = StoreProcess.serve(other, "-Xmx40m")) {
            StoreClient remote = new StoreClient(process.uri());
            String large = "/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/large.bin";
            HttpResponse<String> put = remote.send(HttpRequest.newBuilder(remote.uri(large))
                    .PUT(HttpRequest.BodyPublishers.fromPublisher(
                            HttpRequest.BodyPublishers.ofInputStream(() -> new Pattern(size)), size)));
            assertThat(put.statusCode()).isEqualTo(200);
            assertThat(Files.size(other.resolve("mlartifacts/0/r/artifacts/large.bin")))
                    .isEqualTo(size);
            try (InputStream back = remote.http()
                            .send(
                                    HttpRequest.newBuilder(remote.uri(large)).build(),
                                    HttpResponse.BodyHandlers.ofInputStream())
                            .body();
                    InputStream expected = new Pattern(size)) {
                byte[] own = new byte[1 << 16];
                byte[] same = new byte[1 << 16];
                long read = 0;
                int count;
                while ((count = back.readNBytes(own, 0, own.length)) > 0) {
                    assertThat(expected.readNBytes(same, 0, count)).isEqualTo(count);
                    assertThat(own).isEqualTo(same);
                    read += count;
                    same = new byte[1 << 16];
                    own = new byte[1 << 16];
                }
                assertThat(read).isEqualTo(size);
            }
        }
    }

    /** A stream of a known length whose bytes tell their place. */
    private static final class Pattern extends InputStream {
        private final long size;
        private long position;

        Pattern(long size) {
            this.size = size;
        }

        @Override
        public int read() {
            return position < size ? value(position++) & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            int count = (int) Math.min(length, size - position);
            for (int i = 0; i < count; i++) {
                target[offset + i] = value(position++);
            }
            return count == 0 ? -1 : count;
        }

        private static byte value(long position) {
            return (byte) (position ^ position >> 8 ^ position >> 16);
        }
    }
}
