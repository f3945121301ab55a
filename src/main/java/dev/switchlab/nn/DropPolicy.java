package dev.switchlab.nn;

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
        return (layer, expert, tokens) -> tokens;
    }

    /** Shuffled with {@code random} (reference: {@code torch.randperm}, there without a seed). */
    static DropPolicy random(RandomGenerator random) {
        return (layer, expert, tokens) -> {
            int[] shuffled = tokens.clone();
            for (int i = shuffled.length - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                int token = shuffled[i];
                shuffled[i] = shuffled[j];
                shuffled[j] = token;
            }
            return shuffled;
        };
    }
}
