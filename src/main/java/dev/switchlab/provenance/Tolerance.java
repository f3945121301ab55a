package dev.switchlab.provenance;

import java.util.Locale;

/**
 * How far the values of two trainings that only round differently may be apart: {@code relative * max(|a|, |b|, 1)}, where the share
 * grows with the step, as training amplifies every rounding error. The 1 makes it absolute for shares, entropies and small losses.
 *
 * @param first share at step 0
 * @param growth more for each step
 * @param most largest share
 */
public record Tolerance(double first, double growth, double most) {

    /** Measured: one thread against two, smoke and tiny-shakespeare, stay within half of it. */
    public static final Tolerance DEFAULT = new Tolerance(1e-5, 1e-4, 0.1);

    /** Whether two values at {@code step} are near enough. NaN is near to NaN only, an infinity to itself. */
    boolean allows(long step, double a, double b) {
        if (Double.compare(a, b) == 0) {
            return true;
        }
        return Math.abs(a - b) <= share(step) * Math.max(1, Math.max(Math.abs(a), Math.abs(b)))
                && Double.isFinite(a)
                && Double.isFinite(b);
    }

    private double share(long step) {
        return Math.min(most, first + growth * step);
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "(%s + %s * step, at most %s) * max(|a|, |b|, 1)", first, growth, most);
    }
}
