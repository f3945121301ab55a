package dev.switchlab.data;

import static dev.switchlab.data.LoopbackServer.begin;
import static dev.switchlab.data.LoopbackServer.send;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import dev.switchlab.io.Sha256;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Downloads from a server on the loopback interface that does what servers and networks do. */
class DownloadTest {
    private static final byte[] TEXT = "First Citizen:\nBefore we proceed any further, hear me speak.\n"
            .repeat(500)
            .getBytes(UTF_8);
    private static final String SHA256 = Sha256.of(TEXT);
    // So patient that a busy machine changes no outcome.
    private static final Download.Limits PATIENT =
            new Download.Limits(Duration.ofSeconds(30), Duration.ofMinutes(1), 2, Duration.ofMillis(1));

    @TempDir
    private Path cache;

    private final List<String> notices = new ArrayList<>();
    private final List<Long> progress = new ArrayList<>();
    private LoopbackServer server;
    private URI uri;
    private Download.Limits limits = PATIENT;

    @BeforeEach
    void startServer() throws IOException {
        server = new LoopbackServer();
        uri = server.uri("/input.txt");
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    @Test
    void theFirstUseDownloadsAndTheSecondReadsTheCache() throws IOException {
        serve(DownloadTest::whole);
        Corpus corpus = opened("none").corpus();
        assertThat(corpus).isEqualTo(new Corpus("tiny-shakespeare", SHA256, new String(TEXT, UTF_8)));
        assertThat(progress).isSorted().endsWith((long) TEXT.length);
        assertThat(opened("none").corpus()).isEqualTo(corpus);
        assertThat(server.requests()).isEqualTo(1);
        assertThat(files()).containsExactly("tiny-shakespeare.txt");
        assertThat(notices).isEmpty();
    }

    static Stream<Arguments> wrongAnswers() {
        byte[] other = TEXT.clone();
        other[100] ^= 1;
        String another = "what arrived is another file (sha256 " + Sha256.of(other) + ", expected " + SHA256
                + "); it was not kept";
        byte[] login = "<html>Log in to use this network</html>".getBytes(UTF_8);
        byte[] longer = Arrays.copyOf(TEXT, TEXT.length + 1);
        return Stream.of(
                Arguments.of(404, TEXT, "the server answered with HTTP status 404", 1),
                Arguments.of(200, other, another, 1),
                Arguments.of(200, login, "cut off after 39 of 30500 bytes", 2),
                Arguments.of(200, longer, "the server sends more than the expected 30500 bytes", 1));
    }

    @ParameterizedTest
    @MethodSource("wrongAnswers")
    void aWrongAnswerIsRefusedAndLeavesNoFile(int status, byte[] body, String reason, int attempts) throws IOException {
        serve(exchange -> send(exchange, status, body));
        refused(reason);
        assertThat(server.requests()).isEqualTo(attempts);
    }

    @Test
    void aBodyThatIsCutOffIsTriedAgainThenRefused() throws IOException {
        serve(exchange -> {
            begin(exchange, TEXT.length, Arrays.copyOf(TEXT, 1000));
            exchange.close();
        });
        refused("cut off after 1000 of 30500 bytes");
        assertThat(server.requests()).isEqualTo(2);
    }

    @Test
    void aBodyThatNeverEndsIsRefused() throws IOException {
        serve(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            while (server.pause(0)) {
                exchange.getResponseBody().write(TEXT);
            }
        });
        refused("the server sends more than the expected 30500 bytes");
        assertThat(server.requests()).isEqualTo(1);
    }

    @Test
    void aServerErrorPasses() {
        serve(exchange -> {
            if (server.requests() == 1) {
                send(exchange, 503, "busy".getBytes(UTF_8));
            } else {
                whole(exchange);
            }
        });
        assertThat(opened("none").corpus().sha256()).isEqualTo(SHA256);
        assertThat(server.requests()).isEqualTo(2);
    }

    @Test
    void aServerThatDoesNotAnswerIsGivenUp() throws IOException {
        serve(exchange -> server.pause(60_000));
        limits = new Download.Limits(Duration.ofMillis(500), Duration.ofMinutes(1), 2, Duration.ofMillis(1));
        refused("nothing arrived for 0.5 s, after 0 bytes");
    }

    @Test
    void aServerThatStopsInTheMiddleIsGivenUp() throws IOException {
        serve(exchange -> {
            begin(exchange, TEXT.length, Arrays.copyOf(TEXT, 2000));
            server.pause(60_000);
        });
        limits = new Download.Limits(Duration.ofSeconds(1), Duration.ofMinutes(1), 1, Duration.ofMillis(1));
        refused("nothing arrived for 1.0 s, after 2000 bytes");
    }

    @Test
    void aServerThatDripsIsGivenUpInTheEnd() throws IOException {
        serve(exchange -> {
            begin(exchange, TEXT.length, new byte[0]);
            while (server.pause(20)) {
                exchange.getResponseBody().write('x');
                exchange.getResponseBody().flush();
            }
        });
        limits = new Download.Limits(Duration.ofSeconds(30), Duration.ofMillis(400), 2, Duration.ofMillis(1));
        assertThatThrownBy(() -> opened("none"))
                .isInstanceOf(DataException.class)
                .message()
                .matches(".*: not finished after 0\\.4 s, with \\d+ of 30500 bytes; give a text .*");
        assertThat(files()).isEmpty();
    }

    @Test
    void redirectsAreFollowed() {
        server.serve("/moved", exchange -> {
            exchange.getResponseHeaders().add("Location", "/input.txt");
            exchange.sendResponseHeaders(302, -1);
            exchange.close();
        });
        serve(DownloadTest::whole);
        uri = uri.resolve("/moved");
        assertThat(opened("none").corpus().sha256()).isEqualTo(SHA256);
    }

    @Test
    void aRefusedConnectionIsNamed() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            uri = URI.create("http://127.0.0.1:" + free.getLocalPort() + "/input.txt");
        }
        refused("the connection was refused");
    }

    @Test
    void anUnknownHostIsNamed() throws IOException {
        // A label of more than 63 letters: no name server is asked.
        String host = "nowhere".repeat(10) + ".invalid";
        uri = URI.create("http://" + host + "/input.txt");
        refused("the host " + host + " is not known; is there a network?");
    }

    @Test
    void aDamagedCachedFileIsDownloadedAgain() throws IOException {
        serve(DownloadTest::whole);
        opened("none");
        Path cached = cache.resolve("corpora/tiny-shakespeare.txt");
        Files.writeString(cached, "First Citizen");
        assertThat(opened("none").corpus().sha256()).isEqualTo(SHA256);
        assertThat(cached).hasBinaryContent(TEXT);
        assertThat(notices)
                .containsExactly(
                        "corpus tiny-shakespeare: the cached file %s is damaged (sha256 %s, expected %s); downloading it again"
                                .formatted(cached, Sha256.of("First Citizen".getBytes(UTF_8)), SHA256));
    }

    @Test
    void aCacheThatCannotBeWrittenDoesNotStopTheRun() throws IOException {
        serve(DownloadTest::whole);
        Files.writeString(cache.resolve("corpora"), "a file where the folder should be");
        assertThat(opened("none").corpus().sha256()).isEqualTo(SHA256);
        assertThat(notices)
                .singleElement()
                .asString()
                .startsWith(
                        "corpus tiny-shakespeare: cannot be kept in " + cache.resolve("corpora/tiny-shakespeare.txt"))
                .endsWith("; set SWITCHLAB_CACHE to a writable folder");
    }

    @Test
    void theFallbackIsTakenWithItsReason() {
        serve(exchange -> send(exchange, 404, TEXT));
        OpenedCorpus opened = opened("dickens");
        assertThat(opened.corpus().name()).isEqualTo("dickens");
        assertThat(opened.fallbackReason())
                .contains("corpus tiny-shakespeare: cannot be downloaded from " + uri
                        + ": the server answered with HTTP status 404; took the fallback corpus dickens");
    }

    @Test
    void aFallbackThatCannotBeHadEitherIsRefused() {
        serve(exchange -> send(exchange, 404, TEXT));
        String reason = "corpus tiny-shakespeare: cannot be downloaded from " + uri
                + ": the server answered with HTTP status 404";
        assertThatThrownBy(() -> opened("tiny-shakespeare"))
                .isInstanceOf(DataException.class)
                .hasMessage(reason + "; and the fallback: " + reason + "; give a text with CORPUS=<file>");
    }

    private void refused(String reason) throws IOException {
        assertThatThrownBy(() -> opened("none"))
                .isInstanceOf(DataException.class)
                .hasMessage(
                        "corpus tiny-shakespeare: cannot be downloaded from %s: %s; give a text with CORPUS=<file>, or allow another with fallback_corpus=dickens"
                                .formatted(uri, reason));
        assertThat(files()).isEmpty();
    }

    private OpenedCorpus opened(String fallback) {
        CorpusStore store = new CorpusStore(
                cache,
                Map.of("tiny-shakespeare", new RemoteFile(uri, SHA256, TEXT.length)),
                new Download(limits, (name, file) -> progress::add),
                notices::add);
        return store.open("tiny-shakespeare", fallback, "characters");
    }

    private void serve(HttpHandler handler) {
        server.serve("/input.txt", handler);
    }

    private static void whole(HttpExchange exchange) throws IOException {
        send(exchange, 200, TEXT);
    }

    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.walk(cache)) {
            return all.filter(Files::isRegularFile)
                    .map(path -> path.getFileName().toString())
                    .toList();
        }
    }
}
