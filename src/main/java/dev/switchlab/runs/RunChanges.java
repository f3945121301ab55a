package dev.switchlab.runs;

import dev.switchlab.runs.db.PointRow;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What the copy of a run lacks.
 *
 * @param from the source, for its files
 * @param state the source
 * @param hasProgressed whether the source has points or an end that the copy lacks; otherwise files and tags that
 *     differ were changed at the copy, and stay
 * @param params that the copy lacks or has with other values
 * @param tags to be set
 * @param files paths of all files of the source
 * @param points read from the source when they are asked for
 * @param notices takes one-line messages for the user
 */
public record RunChanges(
        RunReader from,
        RunState state,
        boolean hasProgressed,
        Map<String, String> params,
        Map<String, String> tags,
        List<String> files,
        Points points,
        Consumer<String> notices) {

    /** The points that the copy lacks. */
    public interface Points {
        /** Hands over the points of one metric after the other, each in order of (step, timestamp, value). */
        <E extends Exception> void forEachMetric(Sink<E> sink) throws IOException, E;
    }

    /**
     * Takes points.
     *
     * @param <E> what can go wrong
     */
    public interface Sink<E extends Exception> {
        void accept(List<PointRow> points) throws IOException, E;
    }
}
