package dev.switchlab.analysis.chart;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;

/**
 * Round values along an axis, 1, 2 or 5 times a power of ten apart (Heckbert, "Nice numbers for graph labels", 1990).
 *
 * @param values ascending
 * @param labels as many
 */
record Ticks(List<Double> values, List<String> labels) {

    /** About {@code count} ticks inside {@code range}. */
    static Ticks of(Range range, int count) {
        return every(step((range.high() - range.low()) / count), range);
    }

    /** The same for what is counted: at whole numbers only. */
    static Ticks ofWhole(Range range, int count) {
        return every(step((range.high() - range.low()) / count).max(BigDecimal.ONE), range);
    }

    /** The same ticks, called otherwise. */
    Ticks labelled(DoubleFunction<String> label) {
        return new Ticks(values, values.stream().map(label::apply).toList());
    }

    private static Ticks every(BigDecimal step, Range range) {
        BigDecimal tick = BigDecimal.valueOf(range.low()).divide(step, 0, RoundingMode.CEILING);
        List<Double> values = new ArrayList<>();
        List<String> labels = new ArrayList<>();
        for (; tick.multiply(step).doubleValue() <= range.high(); tick = tick.add(BigDecimal.ONE)) {
            BigDecimal value = tick.multiply(step);
            values.add(value.doubleValue());
            labels.add(label(value, step));
        }
        return new Ticks(values, labels);
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
