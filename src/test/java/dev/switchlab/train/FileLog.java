package dev.switchlab.train;

import dev.switchlab.experiment.MetricNames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A store that outlives its process: every point is a line of a file, every text a file beside it. As the real one, it is behind until {@link #sync}. Points that the
 * file holds when it is opened are not written again, as a resumed run does with the points of its store.
 */
final class FileLog implements RunLog, AutoCloseable {

    private static final int BEHIND = 500;

    private final Path file;
    private final Path texts;
    private final Map<String, Map<Long, Double>> held;
    private final StringBuilder behind = new StringBuilder();

    FileLog(Path file) throws IOException {
        this.file = file;
        texts = file.resolveSibling("texts");
        dropTornLine(file);
        held = read(file);
    }

    /** A kill may have cut off the last write. */
    private static void dropTornLine(Path file) throws IOException {
        if (Files.exists(file)) {
            String text = Files.readString(file);
            Files.writeString(file, text.substring(0, text.lastIndexOf('\n') + 1));
        }
    }

    /** Points by metric and step; fails when one is there twice. */
    static Map<String, Map<Long, Double>> read(Path file) throws IOException {
        Map<String, Map<Long, Double>> points = new LinkedHashMap<>();
        if (!Files.exists(file)) {
            return points;
        }
        for (String line : Files.readAllLines(file)) {
            String[] parts = line.split(" ", -1);
            Double before = points.computeIfAbsent(parts[0], name -> new TreeMap<>())
                    .put(Long.valueOf(parts[1]), Double.valueOf(parts[2]));
            if (before != null) {
                throw new AssertionError("there twice: " + line);
            }
        }
        return points;
    }

    @Override
    public String runId() {
        return "filed";
    }

    @Override
    public void metrics(long step, Map<String, Double> metrics) {
        metrics.forEach((name, value) -> {
            Double before = held.getOrDefault(name, Map.of()).get(step);
            if (before == null) {
                behind.append(name + " " + step + " " + value + "\n");
            } else if (!before.equals(value) && !MetricNames.isTiming(name)) {
                throw new AssertionError(name + " at step " + step + " was " + before + " and is now " + value);
            }
        });
        if (behind.length() > BEHIND) {
            sync();
        }
    }

    @Override
    public void sync() {
        try {
            Files.writeString(file, behind, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            behind.setLength(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void text(String path, String content) {
        Path text = texts.resolve(path);
        try {
            Files.createDirectories(text.getParent());
            if (Files.exists(text) && !Files.readString(text).equals(content)) {
                throw new AssertionError(path + " was another text before");
            }
            Path part = texts.resolveSibling("part");
            Files.writeString(part, content);
            Files.move(part, text, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        sync();
    }
}
