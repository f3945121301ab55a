package dev.switchlab.runs.db;

import java.util.Comparator;

/**
 * A metric point as stored in MLflow's tables: NaN is value 0 with a flag, infinities are the largest finite doubles.
 *
 * @param key metric name
 * @param value stored value, always finite
 * @param timestamp ms since 1970
 * @param step training step
 * @param nan whether the logged value was NaN
 */
public record PointRow(String key, double value, long timestamp, long step, boolean nan) {

    /** MLflow's order of points; the largest point is the latest. */
    public static final Comparator<PointRow> ORDER = Comparator.comparingLong(PointRow::step)
            .thenComparingLong(PointRow::timestamp)
            .thenComparingDouble(PointRow::value);

    /** The stored form of a logged value. */
    public static PointRow of(String key, double value, long timestamp, long step) {
        if (Double.isNaN(value)) {
            return new PointRow(key, 0.0, timestamp, step, true);
        }
        double finite = Math.max(-Double.MAX_VALUE, Math.min(Double.MAX_VALUE, value));
        return new PointRow(key, finite, timestamp, step, false);
    }

    /** The logged value. */
    public double logged() {
        return nan ? Double.NaN : value;
    }

    /** Whether a point of the same metric and step has the same value, at whatever time. */
    public boolean hasSameValue(PointRow other) {
        return key.equals(other.key) && step == other.step && value == other.value && nan == other.nan;
    }

    /** Whether this point replaces {@code other} as the latest one. */
    public boolean isLaterThan(PointRow other) {
        return ORDER.compare(this, other) > 0;
    }
}
