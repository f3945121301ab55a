package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;

/** Overwriting a tensor's values without changing its identity. */
public final class InPlace {

    private static final NDIndex EVERYTHING = new NDIndex(":");

    private InPlace() {}

    /**
     * Copies {@code from} over {@code to}, which has the same shape and at least one axis, on any thread: gradients
     * know nothing of it.
     *
     * <p>Not {@code NDArray.copyTo} or {@code set(Buffer)}: in DJL 0.36 these make libtorch print a deprecation
     * warning.
     */
    public static void copy(NDArray from, NDArray to) {
        try (NDArray values = to.stopGradient()) { // the same memory
            values.set(EVERYTHING, from);
        }
    }
}
