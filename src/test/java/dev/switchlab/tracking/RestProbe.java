package dev.switchlab.tracking;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Looks at a server by plain HTTP, past everything under test. */
final class RestProbe {
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI server;

    RestProbe(URI server) {
        this.server = server;
    }

    String get(String pathAndQuery) throws IOException, InterruptedException {
        return http.send(
                        HttpRequest.newBuilder(URI.create(server + pathAndQuery))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }

    String post(String path, String json) throws IOException, InterruptedException {
        return http.send(
                        HttpRequest.newBuilder(URI.create(server + path))
                                .header("Content-Type", "application/json")
                                .POST(HttpRequest.BodyPublishers.ofString(json))
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
