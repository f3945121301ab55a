package dev.switchlab.experiment;

import java.util.Locale;

/** The checks that settings share; each failure names the setting, its value, what is allowed and an example. */
final class Check {
    private Check() {}

    /** Throws unless {@code ok}. */
    static void that(boolean ok, String key, Object value, String allowed, Object example) {
        if (!ok) {
            throw new ExperimentException(
                    key, "%s is %s; allowed: %s; example: %s=%s".formatted(key, show(value), allowed, key, example));
        }
    }

    static void atLeast(String key, int value, int least, Object example) {
        that(value >= least, key, value, "whole numbers from " + least, example);
    }

    /** @param mostKey the setting that {@code most} is the value of */
    static void between(String key, int value, int least, int most, String mostKey, Object example) {
        that(
                value >= least && value <= most,
                key,
                value,
                "whole numbers from %d to %s=%d".formatted(least, mostKey, most),
                example);
    }

    /** Finite and above zero. NaN fails, as every comparison with it is false. */
    static void positive(String key, double value, Object example) {
        that(value > 0 && Double.isFinite(value), key, value, "finite numbers above 0", example);
    }

    static void notNegative(String key, double value, Object example) {
        that(value >= 0 && Double.isFinite(value), key, value, "finite numbers from 0", example);
    }

    /** In [0, 1): a probability that never is certainty, or a decay. */
    static void belowOne(String key, double value, Object example) {
        that(value >= 0 && value < 1, key, value, "from 0 to below 1", example);
    }

    static <T extends Enum<T>> void given(String key, T value, T example) {
        that(value != null, key, "missing", Names.list(example.getDeclaringClass()), Names.of(example));
    }

    static void notBlank(String key, String value, String allowed, String example) {
        that(value != null && !value.isBlank(), key, value == null ? "missing" : "empty", allowed, example);
    }

    private static String show(Object value) {
        return value instanceof Double number ? String.format(Locale.ROOT, "%s", number) : String.valueOf(value);
    }
}
