package dev.switchlab.experiment;

/**
 * How many tokens an expert takes (paper section 2.2; reference: {@code int(capacity_factor * len(x) / n_experts)}).
 *
 * @param factor relative to an even load
 * @param minimum least capacity in tokens; the reference has none (0)
 */
public record Capacity(double factor, int minimum) {

    /** Capacity of each of {@code nExperts} experts for a batch of {@code tokens} tokens, in double precision as the reference. */
    public int of(int tokens, int nExperts) {
        return Math.max(minimum, (int) (factor * tokens / nExperts));
    }
}
