package dev.switchlab.analysis.chart;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A labelled value of an axis. The values of an axis are 1, 2 or 5 times a power of ten apart (Heckbert, "Nice numbers
 * for graph labels", 1990).
 */
record Tick(double value, String label) {

    /** About {@code count} ticks inside {@code range}, ascending. */
    static List<Tick> of(Range range, int count) {
        return every(step((range.high() - range.low()) / count), range);
    }

    /** About {@code count} ticks at whole numbers inside {@code range}, ascending. */
    static List<Tick> ofWhole(Range range, int count) {
        return every(step((range.high() - range.low()) / count).max(BigDecimal.ONE), range);
    }

    private static List<Tick> every(BigDecimal step, Range range) {
        BigDecimal tick = BigDecimal.valueOf(range.low()).divide(step, 0, RoundingMode.CEILING);
        List<Tick> ticks = new ArrayList<>();
        for (; tick.multiply(step).doubleValue() <= range.high(); tick = tick.add(BigDecimal.ONE)) {
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
