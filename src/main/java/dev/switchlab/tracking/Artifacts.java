package dev.switchlab.tracking;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Artifacts by plain HTTP over MLflow's artifact proxy. The official client would start a Python interpreter for them.
 */
final class Artifacts {

    private static final String PROXIED = "mlflow-artifacts:/";
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration TRANSFER = Duration.ofMinutes(10);

    private final URI server;
    private final Credentials credentials;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();

    Artifacts(URI server, Credentials credentials) {
        this.server = server;
        this.credentials = credentials;
    }

    /**
     * Uploads.
     *
     * @param root the run's artifact URI
     * @param path where under it
     */
    void put(String root, String path, HttpRequest.BodyPublisher content) {
        send(request(root, path).PUT(content).build(), HttpResponse.BodyHandlers.discarding(), path);
    }

    /** Downloads to {@code target}. */
    void get(String root, String path, Path target) {
        send(request(root, path).GET().build(), HttpResponse.BodyHandlers.ofFile(target), path);
    }

    private HttpRequest.Builder request(String root, String path) {
        if (!root.startsWith(PROXIED)) {
            throw new TrackingException("the server at " + server + " keeps artifacts at " + root
                    + " and does not pass them on; start it with --serve-artifacts");
        }
        String base = root.substring(PROXIED.length()).replaceAll("^/+", "");
        String encoded = Arrays.stream((base + "/" + path).split("/"))
                .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
                .collect(Collectors.joining("/"));
        URI uri = URI.create(server + "/api/2.0/mlflow-artifacts/artifacts/" + encoded);
        return credentials.authorize(HttpRequest.newBuilder(uri).timeout(TRANSFER));
    }

    private <T> void send(HttpRequest request, HttpResponse.BodyHandler<T> handler, String path) {
        try {
            int status = http.send(request, handler).statusCode();
            if (status != 200) {
                throw new TrackingException("artifact " + path + ": the server at " + server + " answered " + status);
            }
        } catch (IOException e) {
            throw new TrackingException("artifact " + path + ": no answer from the server at " + server, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrackingException("artifact " + path + ": interrupted", e);
        }
    }
}
