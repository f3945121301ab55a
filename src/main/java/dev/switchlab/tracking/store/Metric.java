package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;

/**
 * One metric point as the store keeps it: MLflow writes NaN as value 0 with a mark, and infinities as the largest finite doubles.
 *
 * @param key metric name
 * @param value stored value, always finite
 * @param timestamp milliseconds since 1970
 * @param step training step, may be negative
 * @param nan whether the point stands for NaN
 */
record Metric(String key, double value, long timestamp, long step, boolean nan) {
    /** The stored form of a logged value. */
    static Metric of(String key, double value, long timestamp, long step) {
        if (Double.isNaN(value)) {
            return new Metric(key, 0.0, timestamp, step, true);
        }
        double finite = Math.max(-Double.MAX_VALUE, Math.min(Double.MAX_VALUE, value));
        return new Metric(key, finite, timestamp, step, false);
    }

    /** Whether this point replaces {@code other} as the latest one: the larger of (step, timestamp, stored value). */
    boolean isLaterThan(Metric other) {
        if (step != other.step) {
            return step > other.step;
        }
        if (timestamp != other.timestamp) {
            return timestamp > other.timestamp;
        }
        return value > other.value;
    }

    /** Writes the point as MLflow answers it; NaN as a string. */
    void write(JsonGenerator out) throws IOException {
        out.writeStartObject();
        out.writeStringField("key", key);
        if (nan) {
            out.writeStringField("value", "NaN");
        } else {
            out.writeNumberField("value", value);
        }
        out.writeNumberField("timestamp", timestamp);
        out.writeNumberField("step", step);
        out.writeEndObject();
    }
}
