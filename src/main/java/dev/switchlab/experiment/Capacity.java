package dev.switchlab.experiment;

/**
 * How many (token, choice) pairs an expert takes (paper section 2.2; reference: {@code int(capacity_factor * len(x) /
 * n_experts)}; with several choices per token ST-MoE, arXiv 2202.08906).
 *
 * @param factor relative to an even load
 * @param minimum least capacity in pairs; the reference has none (0)
 */
public record Capacity(double factor, int minimum) {

    /**
     * Capacity of each of {@code nExperts} experts for a batch of {@code pairs} pairs, in double precision as the
     * reference.
     */
    public int of(int pairs, int nExperts) {
        return Math.max(minimum, (int) (factor * pairs / nExperts));
    }
}
