package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import dev.switchlab.nn.kernel.Script;

/**
 * The rule that balances experts without a loss (arXiv 2408.15664; torchtitan {@code _update_expert_bias}). In float32,
 * as there.
 */
final class SelectionBias {

    /** The sign of mean - count is that of total - count * E, without rounding. */
    private static final Script SCRIPT = Script.of("selection_bias");

    private SelectionBias() {}

    /**
     * {@code b += d - mean(d)} with {@code d = rate * sign(mean(counts) - counts)}, in place.
     *
     * @param bias (E) float32
     * @param counts (E) int64
     */
    static void move(NDArray bias, NDArray counts, double rate) {
        SCRIPT.run("move", bias, counts, rate);
    }
}
