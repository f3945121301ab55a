package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonGenerator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Takes every request: checks where it comes from, finds its endpoint, and turns failures into MLflow's error responses. */
final class Router implements HttpHandler {
    /** One REST method: reads the request's fields, writes the response's. */
    private interface Endpoint {
        void handle(RequestMessage request, JsonGenerator out) throws SQLException, IOException;
    }

    private record Route(Set<String> methods, Endpoint endpoint) {}

    private static final System.Logger LOG = System.getLogger(Router.class.getName());
    private static final List<String> API_PREFIXES = List.of("/api/2.0/", "/ajax-api/2.0/");
    private static final String TRACKING = "mlflow/";
    private static final String ARTIFACTS = "mlflow-artifacts/artifacts";
    private static final String LOG_BATCH = "runs/log-batch";
    /** MLflow's own limit for this endpoint. */
    private static final long MAX_BATCH_BYTES = 1_000_000;
    /** The MLflow whose schema this is. Clients of 3.x then leave alone the endpoints that came later, such as traces. */
    private static final String VERSION = "2.17.2";

    private final Map<String, Route> routes = new HashMap<>();
    private final HostGuard guard;
    private final ArtifactApi artifacts;
    private final long maxRequestBytes;

    Router(StoreConfig config, Database database, ArtifactFolder folder) {
        guard = new HostGuard(config.allowedHosts());
        artifacts = new ArtifactApi(database, folder, config.maxArtifactBytes());
        maxRequestBytes = config.maxRequestBytes();

        ExperimentApi experiments = new ExperimentApi(database);
        post("experiments/create", experiments::create);
        get("experiments/get", experiments::get);
        get("experiments/get-by-name", experiments::getByName);
        post("experiments/update", experiments::update);
        post("experiments/delete", experiments::delete);
        post("experiments/restore", experiments::restore);
        post("experiments/set-experiment-tag", experiments::setTag);
        post("experiments/delete-experiment-tag", experiments::deleteTag);
        routes.put("experiments/search", new Route(Set.of("GET", "POST"), experiments::search));

        RunApi runs = new RunApi(database);
        post("runs/create", runs::create);
        get("runs/get", runs::get);
        post("runs/search", runs::search);
        post("runs/update", runs::update);
        post("runs/delete", runs::delete);
        post("runs/restore", runs::restore);

        LoggingApi logging = new LoggingApi(database);
        post("runs/log-metric", logging::logMetric);
        post("runs/log-parameter", logging::logParam);
        post("runs/set-tag", logging::setTag);
        post("runs/delete-tag", logging::deleteTag);
        post(LOG_BATCH, logging::logBatch);
        post("runs/log-inputs", logging::logInputs);
        post("runs/log-model", logging::logModel);
        get("metrics/get-history", logging::history);

        get("artifacts/list", artifacts::listOfRun);
    }

    private void get(String path, Endpoint endpoint) {
        routes.put(path, new Route(Set.of("GET"), endpoint));
    }

    private void post(String path, Endpoint endpoint) {
        routes.put(path, new Route(Set.of("POST"), endpoint));
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        try {
            guard.check(header(exchange, "Host"), header(exchange, "Origin"));
            route(exchange);
        } catch (ApiException e) {
            fail(exchange, e.code(), e.getMessage());
        } catch (SQLException e) {
            boolean busy = Database.isBusy(e);
            LOG.log(busy ? Level.WARNING : Level.ERROR, "tracking store: " + exchange.getRequestURI(), e);
            fail(
                    exchange,
                    busy ? ErrorCode.TEMPORARILY_UNAVAILABLE : ErrorCode.INTERNAL_ERROR,
                    busy
                            ? "The store is busy with other processes' writes; try again"
                            : "The store failed: " + e.getMessage());
        } catch (IOException e) {
            // The client went away, or the disk failed: only the second can be told.
            LOG.log(Level.WARNING, "tracking store: " + exchange.getRequestURI() + ": " + e);
            fail(exchange, ErrorCode.INTERNAL_ERROR, "The store failed: " + e);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "tracking store: " + exchange.getRequestURI(), e);
            fail(exchange, ErrorCode.INTERNAL_ERROR, "Internal error: " + e);
        } finally {
            exchange.close();
        }
    }

    private static List<String> header(HttpExchange exchange, String name) {
        return exchange.getRequestHeaders().getOrDefault(name, List.of());
    }

    /** Answers an error, unless the response has begun: then closing the connection is the only sign left. */
    private static void fail(HttpExchange exchange, ErrorCode code, String message) throws IOException {
        if (exchange.getResponseCode() == -1) {
            Reply.error(exchange, code, message);
        }
    }

    private void route(HttpExchange exchange) throws SQLException, IOException {
        String path = Objects.requireNonNullElse(exchange.getRequestURI().getRawPath(), "");
        for (String prefix : API_PREFIXES) {
            if (path.startsWith(prefix + TRACKING)) {
                api(exchange, path.substring((prefix + TRACKING).length()));
                return;
            }
            if (path.startsWith(prefix + ARTIFACTS)) {
                artifact(exchange, path.substring((prefix + ARTIFACTS).length()));
                return;
            }
        }
        switch (path) {
            case "/health" -> Reply.text(exchange, 200, Reply.HTML, "OK");
            case "/version" -> Reply.text(exchange, 200, Reply.HTML, VERSION);
            case "/get-artifact" -> artifacts.downloadOfRun(exchange, query(exchange));
            case "/api/3.0/mlflow/server-info" ->
                Reply.json(exchange, 200, Reply.<IOException>object(out -> {
                    out.writeStringField("store_type", "SqlStore");
                    out.writeBooleanField("workspaces_enabled", false);
                }));
            default -> notFound(exchange);
        }
    }

    private void api(HttpExchange exchange, String name) throws SQLException, IOException {
        Route route = routes.get(name);
        if (route == null) {
            notFound(exchange);
        } else if (!route.methods().contains(exchange.getRequestMethod())) {
            methodNotAllowed(exchange, String.join(", ", route.methods()));
        } else if (exchange.getRequestMethod().equals("GET")) {
            answer(exchange, route.endpoint(), query(exchange));
        } else {
            byte[] body = RequestBody.json(exchange, maxRequestBytes);
            if (name.equals(LOG_BATCH) && body.length > MAX_BATCH_BYTES) {
                throw ApiException.invalid("Batched logging API requests must be at most " + MAX_BATCH_BYTES
                        + " bytes, got a request of size " + body.length + ".");
            }
            answer(exchange, route.endpoint(), RequestMessage.ofJson(body));
        }
    }

    private void artifact(HttpExchange exchange, String rawPath) throws SQLException, IOException {
        String method = exchange.getRequestMethod();
        if (rawPath.isEmpty()) {
            if (method.equals("GET")) {
                answer(exchange, artifacts::list, query(exchange));
            } else {
                methodNotAllowed(exchange, "GET");
            }
            return;
        }
        if (!rawPath.startsWith("/")) {
            notFound(exchange);
            return;
        }
        ArtifactPath path = ArtifactPath.ofEncoded(rawPath.substring(1));
        switch (method) {
            case "GET" -> artifacts.download(exchange, path);
            case "PUT" -> artifacts.upload(exchange, path);
            case "DELETE" -> artifacts.delete(exchange, path);
            default -> methodNotAllowed(exchange, "GET, PUT, DELETE");
        }
    }

    private static void answer(HttpExchange exchange, Endpoint endpoint, RequestMessage request)
            throws SQLException, IOException {
        Reply.json(exchange, 200, Reply.<SQLException>object(out -> endpoint.handle(request, out)));
    }

    private static RequestMessage query(HttpExchange exchange) {
        return RequestMessage.ofQuery(exchange.getRequestURI().getRawQuery());
    }

    private static void notFound(HttpExchange exchange) throws IOException {
        html(
                exchange,
                404,
                "Not Found",
                "The requested URL was not found on the server. If you entered the URL manually please check your spelling"
                        + " and try again.");
    }

    private static void methodNotAllowed(HttpExchange exchange, String allowed) throws IOException {
        exchange.getResponseHeaders().set("Allow", allowed);
        html(exchange, 405, "Method Not Allowed", "The method is not allowed for the requested URL.");
    }

    private static void html(HttpExchange exchange, int status, String title, String text) throws IOException {
        String page = "<!doctype html>\n<html lang=en>\n<title>" + status + " " + title + "</title>\n<h1>" + title
                + "</h1>\n<p>" + text + "</p>\n";
        Reply.text(exchange, status, Reply.HTML, page);
    }
}
