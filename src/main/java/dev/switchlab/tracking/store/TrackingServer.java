package dev.switchlab.tracking.store;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The embedded MLflow tracking server: MLflow's REST interface over {@code mlflow.db} and {@code mlartifacts/} in one folder.
 *
 * <p>Several servers, also in several processes, may serve one folder at once. Closing waits for the requests under way.
 */
public final class TrackingServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(TrackingServer.class.getName());
    private static final int THREADS = 16;
    private static final int DRAIN_SECONDS = 30;
    private static final String NO_DELAY = "sun.net.httpserver.nodelay";

    static {
        // The JDK's server writes headers and body apart; without TCP_NODELAY the second write of every response waits
        // some 40 ms
        // for the client's delayed acknowledgement. The property is read once, when the JDK's server classes load.
        if (System.getProperty(NO_DELAY) == null) {
            System.setProperty(NO_DELAY, "true");
        }
    }

    private final HttpServer http;
    private final ExecutorService threads;
    private final Database database;
    private final ArtifactFolder artifacts;
    private final URI uri;
    private final Phaser requests = new Phaser(1);
    private final AtomicBoolean closing = new AtomicBoolean();

    private TrackingServer(
            HttpServer http, ExecutorService threads, Database database, ArtifactFolder artifacts, StoreConfig config) {
        this.http = http;
        this.threads = threads;
        this.database = database;
        this.artifacts = artifacts;
        this.uri = uri(http.getAddress());
        HttpHandler router = new Router(config, database, artifacts);
        http.setExecutor(threads);
        http.createContext("/", exchange -> serve(exchange, router));
    }

    /**
     * Opens the store, creating it when absent, and serves it until {@link #close()}.
     *
     * @throws StoreException if the store cannot be opened (for example, a newer MLflow has changed its schema) or the port is taken
     */
    public static TrackingServer start(StoreConfig config) {
        InetSocketAddress address = new InetSocketAddress(config.bindAddress(), config.port());
        Database database = Database.open(config.database());
        HttpServer http;
        try {
            http = HttpServer.create(address, 0);
        } catch (IOException e) {
            database.close();
            throw new StoreException(
                    "cannot listen on " + config.bindAddress() + ", port " + config.port() + ": " + e.getMessage()
                            + "; allowed: a free port, e.g. 0 for any",
                    e);
        }
        AtomicInteger number = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "tracking-store-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        ArtifactFolder artifacts = new ArtifactFolder(config.artifactsFolder());
        try {
            artifacts.removeAbandonedUploads();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "tracking store: cannot remove abandoned uploads", e);
        }
        TrackingServer server = new TrackingServer(http, threads, database, artifacts, config);
        http.start();
        return server;
    }

    /** The base URI for MLflow clients, for example {@code http://127.0.0.1:5000}. */
    public URI uri() {
        return uri;
    }

    private static URI uri(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        String host = ip.isAnyLocalAddress() ? "127.0.0.1" : ip.getHostAddress();
        return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort());
    }

    private void serve(HttpExchange exchange, HttpHandler router) throws IOException {
        requests.register();
        try {
            if (closing.get()) {
                exchange.close();
            } else {
                router.handle(exchange);
            }
        } finally {
            requests.arriveAndDeregister();
        }
    }

    /** Takes no more requests, waits for those under way, closes the store. */
    @Override
    public void close() {
        if (!closing.compareAndSet(false, true)) {
            return;
        }
        try {
            requests.awaitAdvanceInterruptibly(requests.arrive(), DRAIN_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            LOG.log(
                    Level.WARNING,
                    "tracking store: closing although requests are still under way after " + DRAIN_SECONDS + " s");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        http.stop(0);
        threads.shutdown();
        try {
            if (!threads.awaitTermination(DRAIN_SECONDS, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
        database.close();
        try {
            artifacts.removeUploads();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "tracking store: cannot remove the folder of uploads", e);
        }
    }
}
