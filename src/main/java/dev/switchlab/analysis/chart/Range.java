package dev.switchlab.analysis.chart;

import java.util.DoubleSummaryStatistics;
import java.util.stream.DoubleStream;

/**
 * A piece of an axis.
 *
 * @param low its least value
 * @param high its greatest, at least {@code low}
 */
record Range(double low, double high) {

    /** Of the finite ones among {@code values}; from 0 to 1 if there is none. */
    static Range of(DoubleStream values) {
        DoubleSummaryStatistics statistics = values.filter(Double::isFinite).summaryStatistics();
        return statistics.getCount() == 0 ? new Range(0, 1) : new Range(statistics.getMin(), statistics.getMax());
    }

    /** Widened by {@code share} on both sides, but not across zero; a single value gets room around it. */
    Range padded(double share) {
        double room = high > low ? (high - low) * share : Math.max(Math.abs(low), 1) * 0.5;
        return new Range(low >= 0 ? Math.max(0, low - room) : low - room, high + room);
    }

    /** Where {@code value} lies: 0 at the low end, 1 at the high one. */
    double share(double value) {
        return high > low ? (value - low) / (high - low) : 0.5;
    }
}
