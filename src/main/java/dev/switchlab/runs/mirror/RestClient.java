package dev.switchlab.runs.mirror;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.switchlab.runs.ArtifactFolder;
import dev.switchlab.runs.Redactor;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/**
 * The calls for which MLflow's Java client is not suitable: creating a run with exactly one request, and artifacts
 * without Python.
 */
final class RestClient {
    private static final String API = "/api/2.0/mlflow/";
    private static final String ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/";
    private static final int POLL_MILLIS = 20;
    /** In bytes a second. */
    private static final long SLOWEST_STORAGE = 1_000_000;

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final HttpClient http;
    private final String base;
    private final Credentials credentials;
    private final Duration limit;
    private final Redactor redactor;

    RestClient(URI server, Credentials credentials, Duration limit) {
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(limit)
                .build();
        this.base = server.toString();
        this.credentials = credentials;
        this.limit = limit;
        this.redactor = new Redactor(credentials.secrets());
    }

    /** Sends one request, once. */
    JsonNode post(String endpoint, JsonNode body) throws ServerException {
        HttpRequest request = request(URI.create(base + API + endpoint))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body.toString()))
                .build();
        HttpResponse<String> response = await(
                http.sendAsync(request, BodyHandlers.ofString(StandardCharsets.UTF_8)), () -> 0, sent -> {}, limit);
        require(response.statusCode(), response.body());
        try {
            return MAPPER.readTree(response.body());
        } catch (JsonProcessingException e) {
            throw new ServerException(Kind.UNUSABLE, "its answer is not JSON; is it an MLflow tracking server?", e);
        }
    }

    /**
     * Uploads a file as a stream.
     *
     * @param progress receives the number of bytes sent so far
     */
    void upload(String artifactUri, String path, Path file, LongConsumer progress) throws ServerException, IOException {
        AtomicLong sent = new AtomicLong();
        long size = Files.size(file);
        BodyPublisher body = size == 0
                ? BodyPublishers.noBody()
                : BodyPublishers.fromPublisher(BodyPublishers.ofInputStream(() -> counted(file, sent)), size);
        HttpRequest request = request(artifact(artifactUri, path)).PUT(body).build();
        // A server may copy the whole file to another storage before it responds.
        Duration storing = limit.plusMillis(1000 * size / SLOWEST_STORAGE);
        HttpResponse<String> response = await(
                http.sendAsync(request, BodyHandlers.ofString(StandardCharsets.UTF_8)), sent::get, progress, storing);
        require(response.statusCode(), response.body());
    }

    private static InputStream counted(Path file, AtomicLong count) {
        try {
            return new FilterInputStream(Files.newInputStream(file)) {
                @Override
                public int read(byte[] bytes, int offset, int length) throws IOException {
                    int read = super.read(bytes, offset, length);
                    count.addAndGet(Math.max(0, read));
                    return read;
                }
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Downloads into a file, replacing it; a failure may leave a partial file. */
    void download(String artifactUri, String path, Path target) throws ServerException {
        HttpRequest request = request(artifact(artifactUri, path)).GET().build();
        LongSupplier received = () -> target.toFile().length();
        HttpResponse<Path> response =
                await(http.sendAsync(request, BodyHandlers.ofFile(target)), received, bytes -> {}, limit);
        require(response.statusCode(), "");
    }

    private URI artifact(String artifactUri, String path) {
        String whole = artifactUri.substring(ArtifactFolder.PROXIED.length()) + "/" + path;
        return URI.create(base
                + ARTIFACTS
                + Arrays.stream(whole.split("/", -1))
                        .map(part ->
                                URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
                        .collect(Collectors.joining("/")));
    }

    private HttpRequest.Builder request(URI uri) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        credentials.authorization().ifPresent(value -> request.header("Authorization", value));
        return request;
    }

    /** Waits for the response while bytes keep flowing. */
    private <T> HttpResponse<T> await(
            CompletableFuture<HttpResponse<T>> answer, LongSupplier bytes, LongConsumer progress, Duration silence)
            throws ServerException {
        long lastCount = 0;
        long lastChange = System.nanoTime();
        try {
            while (true) {
                try {
                    return answer.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    long count = bytes.getAsLong();
                    if (count != lastCount) {
                        lastCount = count;
                        lastChange = System.nanoTime();
                        progress.accept(count);
                    } else if (System.nanoTime() - lastChange > silence.toNanos()) {
                        throw new ServerException(
                                Kind.PASSING, "no answer within " + silence.toMillis() / 1000.0 + " s", e);
                    }
                }
            }
        } catch (ExecutionException e) {
            throw new ServerException(Kind.PASSING, redactor.clean(reason(e.getCause())), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ServerException(Kind.PASSING, "interrupted", e);
        } finally {
            answer.cancel(true);
        }
    }

    private void require(int status, String body) throws ServerException {
        if (status < 300) {
            return;
        }
        if (status < 400) {
            throw new ServerException(
                    Kind.UNUSABLE,
                    "it redirects elsewhere (HTTP " + status + "); give the address that it redirects to");
        }
        throw ServerException.ofAnswer(status, body, redactor);
    }

    /** Describes a network failure in a few words. */
    static String reason(Throwable cause) {
        if (cause instanceof HttpConnectTimeoutException) {
            return "no connection in time";
        }
        if (cause instanceof HttpTimeoutException) {
            return "no answer in time";
        }
        if (cause instanceof UnknownHostException || cause.getCause() instanceof UnresolvedAddressException) {
            return "its host name is not known";
        }
        if (cause instanceof ConnectException) {
            return "nothing answers there (connection refused)";
        }
        return "the connection broke (" + cause.getMessage() + ")";
    }
}
