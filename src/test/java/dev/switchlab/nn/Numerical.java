package dev.switchlab.nn;

import java.util.function.ToDoubleFunction;

/** Gradients by central differences in double precision: an oracle that knows a formula forward and nothing else. */
final class Numerical {

    /** Errors of rounding (1e-16 / STEP) and of the third derivative (STEP^2) are both near 1e-10. */
    private static final double STEP = 1e-5;

    private Numerical() {}

    static double[] doubles(float... values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    static float[] floats(double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    /** The gradient of {@code f} at {@code at}. */
    static float[] gradient(double[] at, ToDoubleFunction<double[]> f) {
        double[] moved = at.clone();
        double[] gradient = new double[at.length];
        for (int i = 0; i < at.length; i++) {
            moved[i] = at[i] + STEP;
            double above = f.applyAsDouble(moved);
            moved[i] = at[i] - STEP;
            gradient[i] = (above - f.applyAsDouble(moved)) / (2 * STEP);
            moved[i] = at[i];
        }
        return floats(gradient);
    }

    /** {@code sum a_i b_i}. */
    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
