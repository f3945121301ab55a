package dev.switchlab.golden;

import dev.switchlab.nn.DropPolicy;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Replays the permutations that the reference drew when it dropped tokens. */
final class Permutations {

    private final Map<String, int[]> stored;
    private final Set<String> used = new HashSet<>();

    Permutations(Map<String, int[]> stored) {
        this.stored = stored;
    }

    /**
     * The drop policy of one pass.
     *
     * @param architecture says whether dropping goes by position instead
     * @param prefix what stands before the expert's number in a key, or before the layer's if {@code layered}
     * @param layered whether keys name the layer
     */
    DropPolicy policy(Architecture architecture, String prefix, boolean layered) {
        if (!architecture.shuffles()) {
            return DropPolicy.byPosition();
        }
        return (layer, expert, tokens) -> order(prefix + (layered ? layer + "." : "") + expert, tokens);
    }

    private int[] order(String key, int[] tokens) {
        int[] permutation = stored.get(key);
        if (permutation == null || permutation.length != tokens.length) {
            throw new GoldenException(
                    "expert " + key + " has " + tokens.length + " tokens, more than its capacity, but the case has "
                            + (permutation == null ? "no input.perm." + key : "a permutation of " + permutation.length)
                            + ": routes or capacity differ");
        }
        used.add(key);
        int[] order = new int[tokens.length];
        for (int i = 0; i < order.length; i++) {
            order[i] = tokens[permutation[i]];
        }
        return order;
    }

    /** Fails if the reference dropped tokens where this model did not. */
    void checkAllUsed() {
        for (String key : stored.keySet()) {
            if (!used.contains(key)) {
                throw new GoldenException("the case has input.perm." + key
                        + ", but that expert is not over its capacity here: routes or capacity differ");
            }
        }
    }
}
