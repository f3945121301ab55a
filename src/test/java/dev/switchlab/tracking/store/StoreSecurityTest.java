package dev.switchlab.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a web page or a stranger may not do. */
class StoreSecurityTest {
    private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts/";

    @TempDir
    Path folder;

    private Path runs;
    private TrackingServer server;
    private StoreClient client;

    @BeforeEach
    void start() throws Exception {
        runs = folder.resolve("runs");
        Files.writeString(folder.resolve("secret.txt"), "secret");
        server = TrackingServer.start(
                StoreConfig.of(runs).withMaxRequestBytes(100_000).withMaxArtifactBytes(200_000));
        client = new StoreClient(server.uri());
        assertThat(client.send("PUT", PROXY + "1/run/artifacts/a.txt", "a").statusCode())
                .isEqualTo(200);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** Sends raw bytes, for headers that HTTP clients do not let one choose. */
    private String raw(String request) throws Exception {
        try (Socket socket = new Socket(server.uri().getHost(), server.uri().getPort())) {
            socket.setSoTimeout(20_000);
            OutputStream out = socket.getOutputStream();
            out.write(request.getBytes(StandardCharsets.US_ASCII));
            out.flush();
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private String search(String headers) throws Exception {
        return raw("GET /api/2.0/mlflow/experiments/search HTTP/1.1\r\nConnection: close\r\n" + headers + "\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "LOCALHOST", "[::1]", "localhost:1234", "127.0.0.1:80"})
    void takesItsOwnNames(String host) throws Exception {
        assertThat(search("Host: " + host + "\r\n")).startsWith("HTTP/1.1 200").contains("Default");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host: evil.example\r\n",
                "Host: evil.example:5000\r\n",
                "Host: 127.0.0.1.evil.example\r\n",
                "Host: localhost.evil.example\r\n",
                "Host: [::1].evil.example\r\n",
                "Host: \r\n",
                "Host: localhost\r\nOrigin: http://evil.example\r\n",
                "Host: localhost:5000\r\nOrigin: http://localhost:3000\r\n",
                "Host: localhost\r\nOrigin: null\r\n"
            })
    void refusesForeignHostsAndOrigins(String headers) throws Exception {
        assertThat(search(headers))
                .startsWith("HTTP/1.1 403")
                .contains("PERMISSION_DENIED")
                .doesNotContain("Default");
    }

    /** Newer JDKs answer these before they reach us, with 400. */
    @ParameterizedTest
    @ValueSource(strings = {"", "Host: localhost\r\nHost: evil.example\r\n"})
    void refusesNoHostAndTwoHosts(String headers) throws Exception {
        assertThat(search(headers)).containsPattern("^HTTP/1.1 40[03]").doesNotContain("Default");
    }

    @Test
    void takesItsOwnOrigin() throws Exception {
        assertThat(search("Host: localhost:5000\r\nOrigin: http://localhost:5000\r\n"))
                .startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../secret.txt",
                "../../secret.txt",
                "1/../../secret.txt",
                "1/run/../../../secret.txt",
                "%2e%2e/secret.txt",
                "%2E%2E%2Fsecret.txt",
                "..%2fsecret.txt",
                "%252e%252e/secret.txt",
                "%25252e%25252e%25252fsecret.txt",
                "1/%2e%2e/%2e%2e/secret.txt",
                "..%5csecret.txt",
                "/etc/passwd",
                "%2fetc%2fpasswd",
                "C:/secret.txt",
                "1//run",
                "./1",
                "1/run/%00",
                "1/run/a%0d%0ab",
                ".uploads/x",
                "%zz"
            })
    void refusesPathsThatLeaveTheArtifacts(String path) throws Exception {
        String headers = "Host: localhost\r\nConnection: close\r\n";
        String put = raw("PUT " + PROXY + path + " HTTP/1.1\r\n" + headers + "Content-Length: 1\r\n\r\nx");
        String get = raw("GET " + PROXY + path + " HTTP/1.1\r\n" + headers + "\r\n");
        String delete = raw("DELETE " + PROXY + path + " HTTP/1.1\r\n" + headers + "\r\n");
        String list = raw(
                "GET " + PROXY.substring(0, PROXY.length() - 1) + "?path=" + path + " HTTP/1.1\r\n" + headers + "\r\n");
        assertThat(List.of(put, get, delete, list))
                .allSatisfy(
                        answer -> assertThat(answer).startsWith("HTTP/1.1 400").doesNotContain("secret\n"));
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("runs", "secret.txt");
        assertThat(Files.readString(folder.resolve("secret.txt"))).isEqualTo("secret");
        assertThat(runs.resolve("mlartifacts/1/run/artifacts/a.txt")).exists();
    }

    @Test
    void followsNoLinkOutOfTheArtifacts() throws Exception {
        Path artifacts = runs.resolve("mlartifacts/1/run/artifacts");
        Files.createSymbolicLink(artifacts.resolve("link.txt"), folder.resolve("secret.txt"));
        Files.createSymbolicLink(artifacts.resolve("out"), folder);
        Files.createSymbolicLink(artifacts.resolve("nowhere"), folder.resolve("absent"));
        for (String name : List.of("link.txt", "out/secret.txt", "out/new.txt", "nowhere", "out")) {
            String path = PROXY + "1/run/artifacts/" + name;
            assertThat(client.send("GET", path, "").statusCode()).as(name).isEqualTo(400);
            assertThat(client.send("PUT", path, "overwritten").statusCode())
                    .as(name)
                    .isEqualTo(400);
            assertThat(client.send("DELETE", path, "").statusCode()).as(name).isEqualTo(400);
        }
        assertThat(client.send("GET", PROXY.substring(0, PROXY.length() - 1) + "?path=1/run/artifacts", "")
                        .body())
                .contains("a.txt")
                .doesNotContain("link.txt")
                .doesNotContain("nowhere")
                .doesNotContain("out");
        assertThat(client.send("GET", PROXY.substring(0, PROXY.length() - 1) + "?path=1/run/artifacts/out", "")
                        .statusCode())
                .isEqualTo(400);
        assertThat(Files.readString(folder.resolve("secret.txt"))).isEqualTo("secret");
        assertThat(folder.resolve("new.txt")).doesNotExist();
        assertThat(folder.resolve("absent")).doesNotExist();
    }

    @Test
    void deletingAFolderDoesNotFollowItsLinks() throws Exception {
        Path inner = Files.createDirectories(runs.resolve("mlartifacts/1/run/artifacts/inner"));
        Files.createSymbolicLink(inner.resolve("out"), folder);
        assertThat(client.send("DELETE", PROXY + "1/run/artifacts/inner", "").statusCode())
                .isEqualTo(200);
        assertThat(inner).doesNotExist();
        assertThat(folder.resolve("secret.txt")).exists();
    }

    @Test
    void limitsTheSizeOfRequestsAnnouncedOrNot() throws Exception {
        String large = "{\"name\":\"" + "x".repeat(150_000) + "\"}";
        assertThat(client.postJson("experiments/create", large).status()).isEqualTo(413);
        HttpResponse<String> chunked =
                client.send(HttpRequest.newBuilder(client.uri("/api/2.0/mlflow/experiments/create"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofInputStream(
                                () -> new ByteArrayInputStream(large.getBytes(StandardCharsets.UTF_8)))));
        assertThat(chunked.statusCode()).isEqualTo(413);
        assertThat(chunked.body()).contains("limit of 100000 bytes").contains("error_code");
    }

    @Test
    void limitsTheSizeOfArtifactsAndKeepsNothingOfALargerOne() throws Exception {
        String path = PROXY + "1/run/artifacts/large.bin";
        assertThat(client.send("PUT", path, "x".repeat(300_000)).statusCode()).isEqualTo(413);
        HttpResponse<String> chunked = client.send(HttpRequest.newBuilder(client.uri(path))
                .PUT(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(new byte[300_000]))));
        assertThat(chunked.statusCode()).isEqualTo(413);
        assertThat(runs.resolve("mlartifacts/1/run/artifacts/large.bin")).doesNotExist();
        assertThat(runs.resolve("mlartifacts/.uploads")).isEmptyDirectory();
    }

    @Test
    void keepsNothingOfAnUploadThatBreaksOff() throws Exception {
        try (Socket socket = new Socket(server.uri().getHost(), server.uri().getPort())) {
            socket.getOutputStream()
                    .write(("PUT " + PROXY + "1/run/artifacts/half.bin HTTP/1.1\r\nHost: localhost\r\n"
                                    + "Content-Length: 1000\r\n\r\nhalf")
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
        }
        server.close();
        assertThat(runs.resolve("mlartifacts/1/run/artifacts/half.bin")).doesNotExist();
        assertThat(runs.resolve("mlartifacts/.uploads")).doesNotExist();
    }

    @Test
    void listensOnOtherAddressesOnlyWithNamedHosts() {
        assertThatThrownBy(() -> StoreConfig.of(runs).withAddress("0.0.0.0", List.of()))
                .isInstanceOf(StoreException.class)
                .hasMessageStartingWith("bindAddress: 0.0.0.0 is reachable from other machines")
                .hasMessageNotContaining("\n");
        assertThat(server.uri().getHost()).isEqualTo("127.0.0.1");
    }

    @Test
    void namesWhatIsWrongWithItsSettings() {
        assertThatThrownBy(() -> StoreConfig.of(runs).withPort(70_000)).hasMessageContaining("port: 70000");
        assertThatThrownBy(() -> StoreConfig.of(folder.resolve("secret.txt"))).hasMessageContaining("is not a folder");
        assertThatThrownBy(() -> StoreConfig.of(runs).withMaxRequestBytes(0))
                .hasMessageContaining("maxRequestBytes: 0");
        assertThatThrownBy(() -> StoreConfig.of(runs).withAddress("127.0.0.1", List.of("http://x")))
                .hasMessageContaining("allowedHosts: 'http://x'");
        int taken = server.uri().getPort();
        assertThatThrownBy(() -> TrackingServer.start(StoreConfig.of(runs).withPort(taken)))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("cannot listen on 127.0.0.1, port " + taken);
    }
}
