package dev.switchlab.nn;

/** The rule that balances experts without a loss (arXiv 2408.15664; torchtitan {@code _update_expert_bias}). In float32, as there. */
final class SelectionBias {

    private SelectionBias() {}

    /** {@code b + d - mean(d)} with {@code d = rate * sign(mean(counts) - counts)}. */
    static float[] moved(float[] bias, long[] counts, double rate) {
        long total = 0;
        for (long count : counts) {
            total += count;
        }
        float[] step = new float[bias.length];
        float sum = 0;
        for (int expert = 0; expert < bias.length; expert++) {
            // The sign of mean - count, without rounding.
            int sign = Long.signum(total - counts[expert] * bias.length);
            step[expert] = (float) rate * sign;
            sum += step[expert];
        }
        float mean = sum / bias.length;
        float[] moved = new float[bias.length];
        for (int expert = 0; expert < bias.length; expert++) {
            moved[expert] = bias[expert] + (step[expert] - mean);
        }
        return moved;
    }
}
