package dev.switchlab.runs;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.db.MetricsTable;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.db.RunsTable;
import dev.switchlab.runs.db.RunsTable.RunRow;
import dev.switchlab.runs.db.Session;
import dev.switchlab.runs.db.TextsTable;
import dev.switchlab.train.RunLog;
import dev.switchlab.train.RunStatus;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * Writes one run into the book. Logging hands the data to the book's writer and returns.
 *
 * <p>Every method throws a {@link BookException} after a write to the book has failed.
 */
public final class BookLog implements RunLog, AutoCloseable {
    /** The shortest limits for values in any MLflow version since 2.8, in characters. */
    static final int MAX_PARAM = 6000;

    static final int MAX_TAG = 5000;

    /**
     * Where the log of a run starts.
     *
     * @param later steps after the checkpoint whose points are already in the book, by metric
     * @param time of the last point, in ms since 1970
     * @param systemStep number of the next sample of system metrics
     */
    record Start(Map<String, Set<Long>> later, long time, long systemStep) {

        /** The start of a log after {@code step}, for a run that may have progressed further. */
        static Start after(Session session, String runId, long step) throws SQLException {
            Map<String, Set<Long>> later = new HashMap<>();
            long time = System.currentTimeMillis();
            long systemStep = 0;
            for (PointRow latest : MetricsTable.latest(session, runId)) {
                time = Math.max(time, latest.timestamp());
                if (latest.key().startsWith(MetricNames.SYSTEM)) {
                    systemStep = Math.max(systemStep, latest.step() + 1);
                } else if (latest.step() > step) {
                    later.put(
                            latest.key(),
                            MetricsTable.history(session, runId, latest.key(), 0).stream()
                                    .map(PointRow::step)
                                    .filter(known -> known > step)
                                    .collect(Collectors.toSet()));
                }
            }
            return new Start(later, time, systemStep);
        }

        /** The metrics of a step that are not in the book yet. */
        private Map<String, Double> without(long step, Map<String, Double> metrics) {
            if (later.isEmpty()) {
                return metrics;
            }
            Map<String, Double> fresh = new LinkedHashMap<>(metrics);
            fresh.keySet().removeIf(key -> later.getOrDefault(key, Set.of()).contains(step));
            return fresh;
        }
    }

    private final Book book;
    private final RunRow run;
    private final BookWriter writer;
    private final ArtifactFolder artifacts;
    private final Redactor redactor;
    private final Start start;
    private final Set<String> checkedKeys = ConcurrentHashMap.newKeySet();
    private final SystemMetrics systemMetrics;
    private final AtomicLong time;
    private final AtomicBoolean finished = new AtomicBoolean();
    private Runnable onClose = () -> {};

    /** @param sumsUp whether the run only sums up its children, in which case no system metrics are sampled */
    BookLog(Book book, RunRow run, Start start, boolean sumsUp) {
        this.book = book;
        this.run = run;
        this.writer = book.writer();
        this.artifacts = book.artifacts(run.id(), run.artifactUri());
        this.redactor = new Redactor(book.options().secrets());
        this.start = start;
        this.time = new AtomicLong(start.time());
        this.systemMetrics = new SystemMetrics(
                book.folder(),
                sumsUp ? Duration.ZERO : book.options().systemMetrics(),
                start.systemStep(),
                this::write);
    }

    @Override
    public String runId() {
        return run.id();
    }

    /** Sets tags, which unlike params may change. */
    public void tags(Map<String, String> tags) {
        Map<String, String> clean = redactor.clean(tags);
        clean.keySet().forEach(key -> Keys.check("tag", key));
        keepLong("tag", clean, MAX_TAG);
        writer.submit(session -> TextsTable.TAGS.set(session, run.id(), cut(clean, MAX_TAG)));
    }

    private void keepLong(String kind, Map<String, String> clean, int limit) {
        clean.forEach((key, value) -> {
            if (value.length() > limit) {
                text(kind + "s/" + key.replaceAll("[^\\w.\\-/]", "_") + ".txt", value);
            }
        });
    }

    /** Stores as files the params and tags of a new run that exceed the book's limits. */
    void keepLong(RunInfo info) {
        keepLong("param", redactor.clean(info.params()), MAX_PARAM);
        keepLong("tag", redactor.clean(info.allTags()), MAX_TAG);
    }

    /** Truncates values to the limit. */
    static Map<String, String> cut(Map<String, String> values, int limit) {
        Map<String, String> cut = new LinkedHashMap<>(values);
        cut.replaceAll((key, value) -> {
            if (value.length() <= limit) {
                return value;
            }
            return value.substring(0, Character.isHighSurrogate(value.charAt(limit - 1)) ? limit - 1 : limit);
        });
        return cut;
    }

    @Override
    public void metrics(long step, Map<String, Double> metrics) {
        for (String key : metrics.keySet()) {
            if (!checkedKeys.contains(key)) {
                Keys.check("metric", key);
                checkedKeys.add(key);
            }
        }
        write(step, start.without(step, metrics));
    }

    private void write(long step, Map<String, Double> metrics) {
        if (metrics.isEmpty()) {
            return;
        }
        long now = now();
        List<PointRow> points = new ArrayList<>(metrics.size());
        metrics.forEach((key, value) -> points.add(PointRow.of(key, value, now, step)));
        writer.submit(session -> MetricsTable.log(session, run.id(), points));
    }

    /**
     * The time of the next point. Never decreases, even if the clock is set back, because mirrors copy points in order
     * of time.
     */
    private long now() {
        return time.accumulateAndGet(System.currentTimeMillis(), Math::max);
    }

    @Override
    public void text(String path, String content) {
        Keys.checkArtifactPath(path);
        byte[] clean = redactor.clean(content).getBytes(StandardCharsets.UTF_8);
        writer.submit(session -> artifacts.write(path, clean));
    }

    /**
     * Stores a copy of a file as an artifact. The file may be changed or deleted afterwards.
     *
     * @param path of the artifact, such as {@code weights.safetensors}
     */
    public void file(String path, Path file) {
        if (!Files.isRegularFile(file)) {
            throw new BookException("artifact '" + path + "': " + file + " is not a file");
        }
        artifacts.copy(path, file);
    }

    @Override
    public void sync() {
        writer.await(session -> {});
    }

    /** Ends the run and waits until everything is written. */
    public void finish(RunStatus status) {
        if (finished.getAndSet(true)) {
            return;
        }
        systemMetrics.close();
        long end = now();
        writer.await(session -> RunsTable.setStatus(session, run.id(), status.name(), Optional.of(end)));
    }

    /** Sets an action that runs after the log was closed, such as closing a mirror. */
    public void onClose(Runnable action) {
        onClose = action;
    }

    /** Ends the run as {@link RunStatus#FAILED} if {@link #finish} was not called. */
    @Override
    public void close() {
        try {
            finish(RunStatus.FAILED);
        } catch (BookException e) {
            // The disk takes no more data; the logging call has reported that already.
            book.options().notices().accept("run " + run.id() + " is not marked as ended: " + e.getMessage());
        } finally {
            onClose.run();
        }
    }
}
