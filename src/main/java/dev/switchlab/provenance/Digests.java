package dev.switchlab.provenance;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * SHA-256 of what a run gave. Empty texts stand for what is not there yet.
 *
 * @param initialWeights {@link dev.switchlab.safetensors.TensorDigest} before the first step
 * @param checkpoints the same of weights and optimizer moments, by step
 * @param metrics {@link dev.switchlab.train.MetricsDigest} of all points
 * @param finalWeights as {@code initialWeights}, after the last step
 */
public record Digests(
        String initialWeights, SortedMap<Integer, String> checkpoints, String metrics, String finalWeights) {

    /** Copies the map. */
    public Digests {
        checkpoints = new TreeMap<>(checkpoints);
    }

    /** Before the first step. */
    public static Digests initial(String initialWeights) {
        return new Digests(initialWeights, new TreeMap<>(), "", "");
    }
}
