package dev.switchlab.nn;

import java.util.Arrays;
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
        return byPriority((layer, token) -> (int) (mix(mix(seed + layer) + token) >>> Integer.SIZE));
    }

    /**
     * The smallest key first, of equal keys the first token.
     *
     * @param key of (layer, token); always the same for the same two
     */
    static DropPolicy byPriority(IntBinaryOperator key) {
        return (layer, expert, tokens) -> Arrays.stream(tokens)
                .mapToLong(token ->
                        (long) key.applyAsInt(layer, token) << Integer.SIZE | token) // the token in the low half
                .sorted()
                .mapToInt(priority -> (int) priority)
                .toArray();
    }

    /**
     * Neighboring inputs give unrelated outputs: the output function of SplitMix64 (Steele, Lea, Flood 2014), one to
     * one.
     */
    private static long mix(long value) {
        long z = (value + 1) * 0x9e3779b97f4a7c15L; // 2^64 over the golden ratio, odd: neighbors are far apart
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
