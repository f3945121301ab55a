package dev.switchlab.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the training loop remembers from step to step, beside weights and optimizer moments. Random streams and the data
 * position are not here: both are functions of the seed and the step.
 *
 * @param step optimizer steps taken
 * @param recent the last training cross-entropies, at most {@link #RECENT}, oldest first, in nats
 * @param bestStep the step with the lowest cross-entropy on the validation sample so far, 0 before the first evaluation
 * @param bestCrossEntropy that cross-entropy in nats; infinite before the first evaluation
 * @param metrics {@link MetricsDigest} of every point logged so far
 * @param checkpoints digest of each checkpoint saved before this one, by step
 */
record LoopState(
        int step,
        List<Double> recent,
        int bestStep,
        double bestCrossEntropy,
        String metrics,
        SortedMap<Integer, String> checkpoints) {

    /** The training cross-entropy that is reported is a mean over so many steps. */
    static final int RECENT = 10;

    LoopState {
        recent = List.copyOf(recent);
        checkpoints = new TreeMap<>(checkpoints);
    }

    /** Before the first step. */
    static LoopState start() {
        return new LoopState(0, List.of(), 0, Double.POSITIVE_INFINITY, new MetricsDigest().hex(), new TreeMap<>());
    }

    /** After one more step. */
    LoopState stepped(double crossEntropy) {
        List<Double> last = new ArrayList<>(recent.subList(Math.max(0, recent.size() + 1 - RECENT), recent.size()));
        last.add(crossEntropy);
        return new LoopState(step + 1, last, bestStep, bestCrossEntropy, metrics, checkpoints);
    }

    /** After an evaluation on the validation sample. The first of equals stays the best. */
    LoopState evaluated(double crossEntropy) {
        return crossEntropy < bestCrossEntropy
                ? new LoopState(step, recent, step, crossEntropy, metrics, checkpoints)
                : this;
    }

    /** After points were logged. */
    LoopState logged(int step, Map<String, Double> points) {
        MetricsDigest digest = new MetricsDigest(metrics);
        digest.add(step, points);
        return new LoopState(this.step, recent, bestStep, bestCrossEntropy, digest.hex(), checkpoints);
    }

    /** After a checkpoint of this step was saved. */
    LoopState saved(String digest) {
        SortedMap<Integer, String> all = new TreeMap<>(checkpoints);
        all.put(step, digest);
        return new LoopState(step, recent, bestStep, bestCrossEntropy, metrics, all);
    }

    /** Mean of the recent training cross-entropies; NaN before the first step. */
    double recentMean() {
        return recent.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }
}
