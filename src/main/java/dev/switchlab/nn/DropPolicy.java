package dev.switchlab.nn;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.IntBinaryOperator;
import java.util.random.RandomGenerator;

/** Decides in which order the tokens of an over-full expert fill its capacity; the rest is dropped. */
@FunctionalInterface
public interface DropPolicy {

    /**
     * Called only for an expert that more pairs want than it takes, and only for the choice at which its slots run out.
     *
     * @param layer index of the layer
     * @param expert index of the expert
     * @param tokens the tokens whose choice of that number it is, in ascending order; not to be changed
     * @return the same tokens in the order in which they are kept
     */
    int[] order(int layer, int expert, int[] tokens);

    /**
     * The same order as numbers that are known before any token is routed: by token, no two equal, the smallest is kept
     * first. Empty for a policy that has to know the routes, as a recorded order does.
     *
     * @param tokens how many the layer has
     */
    default Optional<long[]> priorities(int layer, int tokens) {
        return Optional.empty();
    }

    /** First come, first served by position (paper, Mesh TensorFlow code). */
    static DropPolicy byPosition() {
        return byPriority((layer, token) -> 0);
    }

    /**
     * In an order that is another one per pass and layer (reference: {@code torch.randperm}, there without a seed and
     * per expert).
     */
    static DropPolicy random(RandomGenerator random) {
        long seed = random.nextLong();
        return byPriority(
                (layer, token) -> (int) (RandomKeys.mix(RandomKeys.mix(seed + layer) + token) >>> Integer.SIZE));
    }

    /**
     * The smallest key first, of equal keys the first token.
     *
     * @param key of (layer, token); always the same for the same two
     */
    static DropPolicy byPriority(IntBinaryOperator key) {
        return new DropPolicy() {
            @Override
            public int[] order(int layer, int expert, int[] tokens) {
                return Arrays.stream(tokens)
                        .mapToLong(token -> priority(layer, token))
                        .sorted()
                        .mapToInt(priority -> (int) priority)
                        .toArray();
            }

            @Override
            public Optional<long[]> priorities(int layer, int tokens) {
                long[] priorities = new long[tokens];
                Arrays.setAll(priorities, token -> priority(layer, token));
                return Optional.of(priorities);
            }

            /** The key, and the token in its low half. */
            private long priority(int layer, int token) {
                return (long) key.applyAsInt(layer, token) << Integer.SIZE | token;
            }
        };
    }
}
