package dev.switchlab.runs;

import dev.switchlab.runs.db.PointRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Copies one run from one store to another: book to book, book to server, server to book. Each {@link #copy} writes
 * what the target lacks; a second copy of an unchanged run changes nothing.
 *
 * <p>The comparison is by content:
 *
 * <ol>
 *   <li>The source is ahead of the copy if one of its metrics is. If no metric differs, the store that knows how the
 *       run ended is ahead. If the run was continued in both stores, the copy is kept and a warning is printed.
 *   <li>Points of one metric are written in order of (step, timestamp, value), and the latest point of a metric is the
 *       largest of them. So the copy has every point up to its latest one. Times alone are not enough: a run that was
 *       restarted elsewhere has the same steps at other times, and clocks of machines differ.
 *   <li>Tags and files that differ are replaced if the source is ahead. Otherwise they were changed in the copy, and
 *       are kept.
 * </ol>
 *
 * <p>After a failure, points may be sent again. This is safe: the primary key of a point is its whole content, in the
 * book and in MLflow's SQL stores.
 */
public final class RunCopy {
    /** The result of a copy. */
    public enum Change {
        ADDED,
        GROWN,
        UNCHANGED,
        /** Not copied; the reason was printed. */
        LEFT
    }

    private enum Standing {
        AHEAD,
        EQUAL,
        BEHIND,
        APART
    }

    private final RunReader from;
    private final RunWriter to;
    private final Consumer<String> notices;
    private final Set<String> told = new HashSet<>();
    /** Metrics whose points were all compared by an earlier pass; later passes read only newer points. */
    private final Set<String> compared = new HashSet<>();

    /** @param notices takes one-line messages for the user, each once */
    public RunCopy(RunReader from, RunWriter to, Consumer<String> notices) {
        this.from = from;
        this.to = to;
        this.notices = notice -> {
            if (told.add(notice)) {
                notices.accept(notice);
            }
        };
    }

    /**
     * Writes what the target lacks. Files are at least as new as the rows; changes during the pass are copied by the
     * next one.
     *
     * @throws BookException if the source does not have the run, or the book cannot be read or written
     * @throws IOException if the server or a file cannot be read or written
     */
    public Change copy() throws IOException {
        RunState source = from.state();
        Optional<String> obstacle = to.obstacle();
        if (obstacle.isPresent()) {
            return leave(source, obstacle.get());
        }
        Optional<RunState> there = to.existing();
        Standing standing = there.isEmpty() || to.isMirror() ? Standing.AHEAD : standing(source, there.get());
        if (standing == Standing.APART) {
            return leave(
                    source,
                    "it was continued in both stores, " + from.place() + " and " + to.place()
                            + "; the copy in the latter is kept");
        }
        if (standing == Standing.BEHIND) {
            return Change.UNCHANGED;
        }
        Map<String, PointRow> latest = there.map(RunState::latest).orElse(Map.of());
        List<String> metrics = source.latest().values().stream()
                .filter(newest -> !latest.containsKey(newest.key()) || newest.isLaterThan(latest.get(newest.key())))
                .map(PointRow::key)
                .toList();
        boolean changed = to.write(new RunWriter.Changes(
                from,
                source,
                standing == Standing.AHEAD,
                lacking(source.params(), there.map(RunState::params).orElse(Map.of())),
                lackingTags(source, there, standing),
                files(source),
                metrics,
                key -> lackingPoints(key, Optional.ofNullable(latest.get(key))),
                notices));
        compared.addAll(source.latest().keySet());
        return there.isEmpty() ? Change.ADDED : changed ? Change.GROWN : Change.UNCHANGED;
    }

    private Change leave(RunState source, String reason) {
        notices.accept("run " + source.row().id() + " is not copied: " + reason);
        return Change.LEFT;
    }

    private static Standing standing(RunState source, RunState copy) {
        boolean ahead = false;
        boolean behind = false;
        for (PointRow point : source.latest().values()) {
            PointRow known = copy.latest().get(point.key());
            ahead |= known == null || point.isLaterThan(known);
            behind |= known != null && known.isLaterThan(point);
        }
        if (ahead && behind) {
            return Standing.APART;
        }
        if (ahead || behind) {
            return ahead ? Standing.AHEAD : Standing.BEHIND;
        }
        boolean hasSameEnd = source.row().status().equals(copy.row().status())
                && source.row().endTime().equals(copy.row().endTime());
        return source.row().endTime().isPresent() && !hasSameEnd ? Standing.AHEAD : Standing.EQUAL;
    }

    private static Map<String, String> lacking(Map<String, String> wanted, Map<String, String> there) {
        Map<String, String> lacking = new LinkedHashMap<>(wanted);
        lacking.entrySet().removeIf(entry -> entry.getValue().equals(there.get(entry.getKey())));
        return lacking;
    }

    /** Tags about servers that the target's book wrote are kept. */
    private static Map<String, String> lackingTags(RunState source, Optional<RunState> there, Standing standing) {
        Map<String, String> known = there.map(RunState::tags).orElse(Map.of());
        Map<String, String> lacking = lacking(source.tags(), known);
        lacking.keySet()
                .removeIf(key ->
                        known.containsKey(key) && (standing == Standing.EQUAL || key.startsWith(Book.MIRROR_TAG)));
        return lacking;
    }

    private List<String> files(RunState source) throws IOException {
        try {
            List<String> links = from.links();
            if (!links.isEmpty()) {
                notices.accept(
                        "run " + source.row().id() + ": symbolic links are not followed: " + String.join(", ", links));
            }
            return from.files();
        } catch (BookException e) {
            notices.accept("run " + source.row().id() + ": " + e.getMessage() + "; everything else is copied");
            return List.of();
        }
    }

    /** @param last the latest point of the copy */
    private List<PointRow> lackingPoints(String key, Optional<PointRow> last) throws IOException {
        List<PointRow> points = new ArrayList<>(from.history(
                key, compared.contains(key) ? last.map(PointRow::timestamp).orElse(0L) : 0));
        points.sort(PointRow.ORDER);
        if (last.isEmpty()) {
            return points;
        }
        long step = last.get().step();
        List<PointRow> ofLastStep =
                points.stream().filter(point -> point.step() == step).toList();
        int index = ofLastStep.indexOf(last.get());
        // If the source does not have the copy's latest point, the copy has that step at another time.
        long known = index >= 0
                ? index + 1
                : to.history(key).stream().filter(point -> point.step() == step).count();
        return Stream.concat(ofLastStep.stream().skip(known), points.stream().filter(point -> point.step() > step))
                .toList();
    }
}
