package dev.switchlab.analysis.chart;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** A range of values, from its least to its greatest. */
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

    /**
     * A labeled value of an axis. The values of an axis are 1, 2 or 5 times a power of ten apart (Heckbert, "Nice
     * numbers for graph labels", 1990).
     */
    record Tick(double value, String label) {}

    /** About {@code count} ticks inside the range, ascending. */
    List<Tick> ticks(int count) {
        return every(step((high - low) / count));
    }

    /** About {@code count} ticks at whole numbers inside the range, ascending. */
    List<Tick> wholeTicks(int count) {
        return every(step((high - low) / count).max(BigDecimal.ONE));
    }

    private List<Tick> every(BigDecimal step) {
        BigDecimal tick = BigDecimal.valueOf(low).divide(step, 0, RoundingMode.CEILING);
        List<Tick> ticks = new ArrayList<>();
        for (; tick.multiply(step).doubleValue() <= high; tick = tick.add(BigDecimal.ONE)) {
            BigDecimal value = tick.multiply(step);
            ticks.add(new Tick(value.doubleValue(), label(value, step)));
        }
        return ticks;
    }

    private static BigDecimal step(double wanted) {
        if (!(wanted > 0) || Double.isInfinite(wanted)) {
            return BigDecimal.ONE;
        }
        int exponent = (int) Math.floor(Math.log10(wanted));
        double mantissa = wanted / Math.pow(10, exponent);
        int nice = mantissa < 1.5 ? 1 : mantissa < 3.5 ? 2 : mantissa < 7.5 ? 5 : 10;
        return BigDecimal.valueOf(nice).scaleByPowerOfTen(exponent);
    }

    private static String label(BigDecimal value, BigDecimal step) {
        if (step.doubleValue() >= 1e6 || step.doubleValue() < 1e-4) {
            return value.signum() == 0
                    ? "0"
                    : value.stripTrailingZeros().toString().replace("E+", "e").replace("E", "e");
        }
        return String.format(
                Locale.ROOT, "%,." + Math.max(0, step.stripTrailingZeros().scale()) + "f", value);
    }
}
