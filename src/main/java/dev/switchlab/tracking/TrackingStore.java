package dev.switchlab.tracking;

import dev.switchlab.io.WholeFile;
import dev.switchlab.tracking.store.StoreConfig;
import dev.switchlab.tracking.store.TrackingServer;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Where runs are tracked: a named MLflow server, or the embedded one over the runs folder. The door of this package.
 *
 * <p>Starting runs, and reading, may be done from any thread.
 */
public final class TrackingStore implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(TrackingStore.class.getName());
    private static final String SYSTEM = "system/";

    private final URI uri;
    private final Optional<TrackingServer> embedded;
    private final Path runsFolder;
    private final TrackingOptions options;
    private final Server server;
    private final RunReader reader;
    private final Spools spools;

    private TrackingStore(URI uri, Optional<TrackingServer> embedded, Path runsFolder, TrackingOptions options) {
        this.uri = uri;
        this.embedded = embedded;
        this.runsFolder = runsFolder;
        this.options = options;
        this.server = newServer();
        this.reader = new RunReader(server);
        this.spools = new Spools(runsFolder, storeName(), options, this::newServer);
    }

    private String storeName() {
        return embedded.isPresent() ? Spools.EMBEDDED : uri.toString();
    }

    private Server newServer() {
        // The embedded server needs no credentials, and is not told any.
        Credentials credentials = embedded.isPresent() ? Credentials.none() : options.credentials();
        return Server.at(uri, credentials, options.timing().call());
    }

    /**
     * Opens the store with the usual options: credentials from the environment, messages to the log.
     *
     * @param trackingUri an MLflow server; empty for the embedded one
     * @param runsFolder the embedded server's store, and the spool of what could not be sent
     */
    public static TrackingStore open(Optional<URI> trackingUri, Path runsFolder) {
        return open(
                trackingUri, runsFolder, TrackingOptions.of(System.getenv(), notice -> LOG.log(Level.WARNING, notice)));
    }

    /** Opens the store. The server need not be there. */
    public static TrackingStore open(Optional<URI> trackingUri, Path runsFolder, TrackingOptions options) {
        Path folder = runsFolder.toAbsolutePath().normalize();
        if (trackingUri.isPresent()) {
            return new TrackingStore(
                    TrackingUri.parse(trackingUri.get().toString()), Optional.empty(), folder, options);
        }
        TrackingServer embedded = TrackingServer.start(StoreConfig.of(folder));
        return new TrackingStore(embedded.uri(), Optional.of(embedded), folder, options);
    }

    /** The server's address, without a slash at its end. */
    public URI uri() {
        return uri;
    }

    /** Whether this is the embedded server over the runs folder. */
    public boolean isEmbedded() {
        return embedded.isPresent();
    }

    /**
     * Starts a run. Waits for the server, but not long: without it the run has an id of our own for now.
     *
     * @throws TrackingException if the server is there but cannot be used, for example for wrong credentials
     */
    public MlflowRunLog startRun(RunInfo info) {
        String key = UUID.randomUUID().toString().replace("-", "");
        Redactor redactor = new Redactor(options.credentials());
        Event.Start start = new Event.Start(
                key,
                storeName(),
                info.experimentName(),
                info.user(),
                System.currentTimeMillis(),
                MlflowRunLog.creationTags(info.systemTags(), redactor));
        MlflowRunLog log = spools.begin(key, start, Spool.Sent.NOTHING, Stored.NOTHING);
        log.keepLongTags(info.systemTags());
        log.params(info.params());
        log.tags(info.otherTags());
        info.dataset().ifPresent(log::dataset);
        return log;
    }

    /**
     * Goes on with a run that ended early. First sends what it left behind. Points after {@code step} that are stored already, because
     * the run had come further than its last checkpoint, are not stored again.
     *
     * @param runId its whole id
     * @param step the optimizer step of the checkpoint that training goes on from
     * @throws TrackingException if the server or the run is not there
     */
    public MlflowRunLog resumeRun(String runId, long step) {
        spools.sendLeftBehind(runId);
        TrackedRun run = findRun(runId);
        Stored stored = stored(run, step);
        String key = run.tags().getOrDefault(RunCreation.KEY_TAG, run.runId());
        Event.Start start = new Event.Start(
                key,
                storeName(),
                run.experiment(),
                "",
                System.currentTimeMillis(),
                Map.of("mlflow.runName", run.name()));
        MlflowRunLog log = spools.begin(
                spools.freeName(key), start, Spool.Sent.NOTHING.as(run.runId(), run.artifactUri()), stored);
        log.resume();
        return log;
    }

    private Stored stored(TrackedRun run, long step) {
        Map<String, Set<Long>> later = new HashMap<>();
        long nextSystemStep = 0;
        for (String key : run.metrics().keySet()) {
            Set<Long> steps = new HashSet<>();
            for (MetricPoint point : history(run.runId(), key)) {
                if (key.startsWith(SYSTEM)) {
                    nextSystemStep = Math.max(nextSystemStep, point.step() + 1);
                } else if (point.step() > step) {
                    steps.add(point.step());
                }
            }
            if (!steps.isEmpty()) {
                later.put(key, steps);
            }
        }
        return new Stored(later, nextSystemStep);
    }

    /**
     * The run with this id, beginning of an id, our own id, or name.
     *
     * @throws TrackingException if there is none, or more than one
     */
    public TrackedRun findRun(String idOrPrefixOrName) {
        return read(() -> {
            if (idOrPrefixOrName.matches("[0-9a-f]{32}")) {
                Optional<TrackedRun> run = reader.byId(idOrPrefixOrName);
                if (run.isPresent()) {
                    return run.get();
                }
            }
            List<TrackedRun> found = reader.newest(
                    Optional.empty(),
                    5,
                    run -> run.runId().startsWith(idOrPrefixOrName)
                            || run.name().equals(idOrPrefixOrName)
                            || run.tags().getOrDefault(RunCreation.KEY_TAG, "").equals(idOrPrefixOrName));
            if (found.isEmpty()) {
                throw new TrackingException(
                        "run '" + idOrPrefixOrName + "': there is none at " + place() + "; `make runs` lists them");
            }
            if (found.size() > 1) {
                throw new TrackingException("run '" + idOrPrefixOrName + "': several are called so: "
                        + String.join(
                                ", ", found.stream().map(TrackedRun::runId).toList())
                        + "; give more of the id");
            }
            return found.get(0);
        });
    }

    /** Runs of an experiment, or of all, the newest first. */
    public List<TrackedRun> runs(Optional<String> experiment, int limit) {
        return read(() -> reader.newest(experiment, limit, run -> true));
    }

    /** All points of a metric, in order of time. */
    public List<MetricPoint> history(String runId, String key) {
        return read(() -> reader.history(runId, key));
    }

    /** Paths of a run's artifacts. */
    public List<String> artifacts(String runId) {
        return read(() -> reader.artifacts(runId, ""));
    }

    /**
     * Downloads an artifact.
     *
     * @param runId whole id
     * @param target the file to write, replaced as a whole
     */
    public void download(String runId, String artifactPath, Path target) {
        Keys.checkArtifactPath(artifactPath);
        read(() -> {
            TrackedRun run = findRun(runId);
            WholeFile.<ServerException>write(target, part -> fetch(run, artifactPath, part));
            return target;
        });
    }

    private void fetch(TrackedRun run, String path, Path part) throws ServerException, IOException {
        Path local = Leftovers.filesOf(runsFolder, run.runId()).resolve(path);
        if (Files.isRegularFile(local)) {
            Files.copy(local, part, StandardCopyOption.REPLACE_EXISTING);
            return;
        }
        if (!RestClient.isProxied(run.artifactUri())) {
            throw new TrackingException("run " + run.runId() + ": its artifacts are at " + run.artifactUri()
                    + ", which the server does not hand out");
        }
        try {
            server.rest()
                    .download(run.artifactUri(), path, part, () -> part.toFile().length());
        } catch (ServerException e) {
            if (e.status() == 404) {
                throw new TrackingException("run " + run.runId() + ": has no artifact '" + path + "'", e);
            }
            throw e;
        }
    }

    /**
     * Adds an artifact to a run that has ended, at once, or replaces it.
     *
     * @param runId whole id
     * @param artifactPath where, such as {@code report.html}
     */
    public void upload(String runId, String artifactPath, Path file) {
        Keys.checkArtifactPath(artifactPath);
        read(() -> {
            TrackedRun run = findRun(runId);
            if (!RestClient.isProxied(run.artifactUri())) {
                throw new TrackingException("run " + runId + ": its artifacts are at " + run.artifactUri()
                        + ", which the server does not write to");
            }
            server.rest().upload(run.artifactUri(), artifactPath, file, bytes -> {});
            return run;
        });
    }

    /** Sets tags of a run, whether it goes on or not. */
    public void tag(String runId, Map<String, String> tags) {
        read(() -> {
            for (Map.Entry<String, String> tag : tags.entrySet()) {
                server.official().call(client -> {
                    client.setTag(runId, tag.getKey(), tag.getValue());
                    return null;
                });
            }
            return runId;
        });
    }

    /** Runs of which the server does not have everything. */
    public List<UnsentRun> unsent() {
        return spools.unsent();
    }

    /**
     * Sends what a run left behind, creating it on the server if need be. A run whose process died is ended as failed.
     *
     * @param idOrPrefix the server's id, our own id, or the beginning of one of them
     * @return the server's id
     * @throws TrackingException if there is nothing, if the run's process still lives, or if the server does not take it
     */
    public String flush(String idOrPrefix) {
        return spools.flush(idOrPrefix);
    }

    /** Reading that ends in one line for the user. */
    private interface Reading<T> {
        T read() throws ServerException, IOException;
    }

    private <T> T read(Reading<T> reading) {
        try {
            return reading.read();
        } catch (ServerException e) {
            throw new TrackingException("MLflow server " + uri + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new TrackingException("cannot write: " + e.getMessage(), e);
        }
    }

    private String place() {
        return embedded.isPresent() ? runsFolder.toString() : uri.toString();
    }

    @Override
    public void close() {
        server.close();
        embedded.ifPresent(TrackingServer::close);
    }
}
