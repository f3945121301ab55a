package dev.switchlab.tracking;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** Stands between a client and a server, and does to requests what networks and servers do. */
final class FaultyProxy implements AutoCloseable {
    /** What becomes of a request. */
    enum Fault {
        NONE,
        /** The connection breaks before the server sees it. */
        CUT_BEFORE,
        /** The server does it, and the connection breaks before the answer. */
        CUT_AFTER,
        ERROR_500_BEFORE,
        ERROR_500_AFTER,
        TOO_MANY_429,
        /** The server does it, and says that it did not: as MLflow does with a NaN that it has already. */
        REFUSED_400_AFTER,
        /** No answer ever, and the server sees nothing. */
        HANG_BEFORE,
        /** The server does it, but no answer ever comes. */
        HANG_AFTER,
        /** No answer in time; the server sees it when the proxy is told to let go. */
        LATE,
        /** The server sees it twice. */
        DUPLICATE
    }

    /** Decides what becomes of a request. */
    interface Plan {
        /** @param number of this request, from 1 */
        Fault fault(String method, String path, int number);
    }

    /** A request that came in. */
    record Seen(String method, String path, String authorization, int bytes) {}

    private static final String REFUSAL = "{\"error_code\":\"BAD_REQUEST\",\"message\":\"UNIQUE constraint failed\"}";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final AtomicInteger number = new AtomicInteger();
    private final List<Seen> seen = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private final CountDownLatch letGo = new CountDownLatch(1);
    private final CountDownLatch lateOnesArrived = new CountDownLatch(1);
    private volatile URI target;
    private volatile Plan plan = (method, path, n) -> Fault.NONE;
    private volatile String requiredAuthorization = "";
    private volatile UnaryOperator<String> answers = UnaryOperator.identity();

    FaultyProxy(URI target) throws IOException {
        this(target, 0);
    }

    FaultyProxy(URI target, int port) throws IOException {
        this.target = target;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /** A port of this machine at which nothing listens. */
    static int freePort() throws IOException {
        try (java.net.ServerSocket socket = new java.net.ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    void plan(Plan newPlan) {
        plan = newPlan;
    }

    void target(URI newTarget) {
        target = newTarget;
    }

    /** Refuses requests without this header. */
    void requireAuthorization(String header) {
        requiredAuthorization = header;
    }

    /** Changes the server's JSON answers. */
    void changeAnswers(UnaryOperator<String> change) {
        answers = change;
    }

    List<Seen> seen() {
        return List.copyOf(seen);
    }

    /** Hands the late requests to the server, and waits until one has been. */
    void letGo() throws InterruptedException {
        letGo.countDown();
        lateOnesArrived.await();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getRawPath();
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            seen.add(new Seen(
                    exchange.getRequestMethod(), path, authorization == null ? "" : authorization, body.length));
            if (!requiredAuthorization.isEmpty() && !requiredAuthorization.equals(authorization)) {
                answer(exchange, 401, "You are not authenticated.".getBytes(StandardCharsets.UTF_8));
                return;
            }
            apply(plan.fault(exchange.getRequestMethod(), path, number.incrementAndGet()), exchange, body);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void apply(Fault fault, HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
        switch (fault) {
            case NONE -> pass(exchange, body);
            case CUT_BEFORE -> {}
            case CUT_AFTER -> forward(exchange, body);
            case ERROR_500_BEFORE -> answer(exchange, 500, "<h1>broken</h1>".getBytes(StandardCharsets.UTF_8));
            case ERROR_500_AFTER -> {
                forward(exchange, body);
                answer(exchange, 500, "<h1>broken</h1>".getBytes(StandardCharsets.UTF_8));
            }
            case REFUSED_400_AFTER -> {
                forward(exchange, body);
                answer(exchange, 400, REFUSAL.getBytes(StandardCharsets.UTF_8));
            }
            case TOO_MANY_429 -> answer(exchange, 429, new byte[0]);
            case HANG_BEFORE -> closed.await();
            case HANG_AFTER -> {
                forward(exchange, body);
                closed.await();
            }
            case LATE -> {
                letGo.await();
                forward(exchange, body);
                lateOnesArrived.countDown();
            }
            case DUPLICATE -> {
                forward(exchange, body);
                pass(exchange, body);
            }
        }
    }

    private void pass(HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = forward(exchange, body);
        byte[] bytes = response.body();
        boolean isJson =
                response.headers().firstValue("Content-Type").orElse("").contains("json");
        if (isJson) {
            bytes = answers.apply(new String(bytes, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
        }
        response.headers()
                .firstValue("Content-Type")
                .ifPresent(type -> exchange.getResponseHeaders().set("Content-Type", type));
        answer(exchange, response.statusCode(), bytes);
    }

    private HttpResponse<byte[]> forward(HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create(target + exchange.getRequestURI().toString()))
                .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (type != null) {
            request.header("Content-Type", type);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    private static void answer(HttpExchange exchange, int status, byte[] bytes) throws IOException {
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        letGo.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
