package dev.switchlab.runs.fake;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.switchlab.runs.fake.FakeApi.Refusal;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/**
 * A small MLflow server: what MLflow's Java client and the mirror ask for, answered as exchanges with MLflow 3.11 were
 * recorded, and all that servers and networks do to requests. In this process, or in one of its own
 * ({@link FakeProcess}).
 */
public final class FakeMlflow implements AutoCloseable {
    private static final String API = "/api/2.0/mlflow/";
    private static final String ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/";
    private static final String NOT_FOUND =
            "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n";

    static {
        // The JDK's server sends headers and body apart: without this, each answer waits 40 ms for an acknowledgement.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    /** Decides what becomes of a request. */
    public interface Plan {
        /** @param number of this request, from 1 */
        Fault fault(String method, String path, int number);
    }

    /** A request that came in. */
    public record Seen(String method, String path, String authorization, int bytes) {}

    private record Answer(int status, String type, byte[] body) {
        static Answer json(int status, ObjectNode body) {
            return new Answer(status, "application/json", body.toString().getBytes(StandardCharsets.UTF_8));
        }

        static Answer html(int status, String body) {
            return new Answer(status, "text/html; charset=utf-8", body.getBytes(StandardCharsets.UTF_8));
        }
    }

    private final Path folder;
    private final FakeApi api;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger number = new AtomicInteger();
    private final List<Seen> seen = new CopyOnWriteArrayList<>();
    private final Set<String> lacking = ConcurrentHashMap.newKeySet();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final CountDownLatch letGo = new CountDownLatch(1);
    private final CountDownLatch lateOnesDone = new CountDownLatch(1);
    private volatile Plan plan = (method, path, n) -> Fault.NONE;
    private volatile String requiredAuthorization = "";
    private volatile UnaryOperator<String> answers = UnaryOperator.identity();

    private FakeMlflow(Path folder, int port, String artifactRoot) throws IOException {
        this.folder = folder;
        try {
            api = new FakeApi(folder, artifactRoot);
        } catch (SQLException e) {
            throw new IOException(e);
        }
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** Serves what {@code folder} holds of an earlier server. */
    public static FakeMlflow start(Path folder) throws IOException {
        return start(folder, 0);
    }

    /** @param port 0 for any */
    public static FakeMlflow start(Path folder, int port) throws IOException {
        return new FakeMlflow(folder, port, "mlflow-artifacts:/");
    }

    /** A server that does not hand artifacts on: its clients would have to reach {@code root} themselves. */
    public static FakeMlflow withArtifactsAt(String root, Path folder) throws IOException {
        return new FakeMlflow(folder, 0, root);
    }

    /** The server as a process: a folder and a port. Prints a line when it listens. */
    public static void main(String[] arguments) throws IOException {
        try (FakeMlflow server = start(Path.of(arguments[0]), Integer.parseInt(arguments[1]))) {
            System.out.println(server.uri());
            System.in.read();
        }
    }

    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** What the server has stored. */
    public BookRows rows() {
        return new BookRows(folder);
    }

    /** Does what a request of another client would, whatever the plan says. */
    public JsonNode call(String endpoint, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        try {
            return api.call(endpoint, FakeApi.parse(bytes), bytes.length).orElseThrow();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    public void plan(Plan newPlan) {
        plan = newPlan;
    }

    /** Refuses requests without this header from now on; any header when empty. */
    public void requireAuthorization(String header) {
        requiredAuthorization = header;
    }

    /** Answers 404 to an endpoint, as an older server does: {@code runs/log-inputs}. */
    public void lack(String endpoint) {
        lacking.add(endpoint);
    }

    /** Changes JSON answers. */
    public void changeAnswers(UnaryOperator<String> change) {
        answers = change;
    }

    public List<Seen> seen() {
        return List.copyOf(seen);
    }

    /** Does what the late requests asked for, and waits until one has been done. */
    public void letGo() throws InterruptedException {
        letGo.countDown();
        lateOnesDone.await();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getRawPath();
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            seen.add(new Seen(
                    exchange.getRequestMethod(), path, authorization == null ? "" : authorization, body.length));
            if (!requiredAuthorization.isEmpty() && !requiredAuthorization.equals(authorization)) {
                send(exchange, Answer.html(401, "You are not authenticated."));
                return;
            }
            apply(plan.fault(exchange.getRequestMethod(), path, number.incrementAndGet()), exchange, body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void apply(Fault fault, HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
        switch (fault) {
            case NONE -> send(exchange, answer(exchange, body));
            case CUT_BEFORE -> {}
            case CUT_AFTER -> answer(exchange, body);
            case CUT_IN_ANSWER -> {
                byte[] whole = answer(exchange, body).body();
                exchange.sendResponseHeaders(200, whole.length + 1);
                exchange.getResponseBody().write(whole, 0, whole.length / 2);
                exchange.getResponseBody().flush();
            }
            case ERROR_500_BEFORE -> send(exchange, Answer.html(500, "<h1>broken</h1>"));
            case ERROR_500_AFTER -> {
                answer(exchange, body);
                send(exchange, Answer.html(500, "<h1>broken</h1>"));
            }
            case TOO_MANY_429 -> send(exchange, Answer.html(429, ""));
            case HANG_BEFORE -> closed.await();
            case HANG_AFTER -> {
                answer(exchange, body);
                closed.await();
            }
            case LATE -> {
                letGo.await();
                answer(exchange, body);
                lateOnesDone.countDown();
            }
            case DUPLICATE -> {
                answer(exchange, body);
                send(exchange, answer(exchange, body));
            }
        }
    }

    private Answer answer(HttpExchange exchange, byte[] body) throws IOException {
        String path = exchange.getRequestURI().getPath();
        try {
            if (path.startsWith(ARTIFACTS)) {
                return artifact(exchange.getRequestMethod(), path.substring(ARTIFACTS.length()), body);
            }
            String endpoint = path.startsWith(API) ? path.substring(API.length()) : "";
            if (endpoint.isEmpty() || lacking.contains(endpoint)) {
                return Answer.html(404, NOT_FOUND);
            }
            JsonNode request = exchange.getRequestMethod().equals("GET")
                    ? query(exchange.getRequestURI().getRawQuery())
                    : FakeApi.parse(body);
            return api.call(endpoint, request, body.length)
                    .map(json -> Answer.json(200, json))
                    .orElse(Answer.html(404, NOT_FOUND));
        } catch (Refusal e) {
            return Answer.json(e.status, e.body());
        } catch (SQLException e) {
            throw new IOException(e);
        }
    }

    private Answer artifact(String method, String path, byte[] body) throws IOException {
        Path file = api.artifact(path);
        if (method.equals("PUT")) {
            api.putArtifact(file, body);
            return Answer.json(200, JsonNodeFactory.instance.objectNode());
        }
        if (!Files.isRegularFile(file)) {
            throw Refusal.missing("No such artifact: '" + path + "'");
        }
        return new Answer(200, "application/octet-stream", Files.readAllBytes(file));
    }

    private static JsonNode query(String raw) {
        ObjectNode query = JsonNodeFactory.instance.objectNode();
        for (String pair : raw == null ? new String[0] : raw.split("&")) {
            int equals = pair.indexOf('=');
            query.put(pair.substring(0, equals), URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
        }
        return query;
    }

    private void send(HttpExchange exchange, Answer answer) throws IOException {
        byte[] body = answer.type().equals("application/json")
                ? answers.apply(new String(answer.body(), StandardCharsets.UTF_8))
                        .getBytes(StandardCharsets.UTF_8)
                : answer.body();
        exchange.getResponseHeaders().set("Content-Type", answer.type());
        exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
        if (body.length > 0) {
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        letGo.countDown();
        server.stop(0);
        threads.shutdownNow();
        api.close();
    }
}
