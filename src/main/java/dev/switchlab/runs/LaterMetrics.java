package dev.switchlab.runs;

import dev.switchlab.runs.db.MetricsTable;
import dev.switchlab.runs.db.PointRow;
import java.util.List;
import java.util.Map;

/** What is measured of a run after it has ended. */
public final class LaterMetrics {

    private LaterMetrics() {}

    /**
     * Adds values to a run, and waits until they are there. One that its metric has at this step already is not added
     * again.
     *
     * @param runId its whole id
     * @param step steps that the run was trained for
     * @throws BookException if a name is none of MLflow's, or the book cannot be written
     */
    public static void add(Book book, String runId, long step, Map<String, Double> metrics) {
        metrics.keySet().forEach(key -> Keys.check("metric", key));
        book.write(session -> {
            List<PointRow> latest = MetricsTable.latest(session, runId);
            // Later than every point of the run, whatever the clock says: a mirror knows by it what it has copied.
            long now = latest.stream().mapToLong(PointRow::timestamp).reduce(System.currentTimeMillis(), Math::max);
            List<PointRow> points = metrics.entrySet().stream()
                    .map(metric -> PointRow.of(metric.getKey(), metric.getValue(), now, step))
                    .filter(point -> latest.stream().noneMatch(row -> isSame(row, point)))
                    .toList();
            MetricsTable.log(session, runId, points);
            return null;
        });
    }

    private static boolean isSame(PointRow one, PointRow other) {
        return one.key().equals(other.key())
                && one.step() == other.step()
                && one.value() == other.value()
                && one.nan() == other.nan();
    }
}
