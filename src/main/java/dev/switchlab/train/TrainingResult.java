package dev.switchlab.train;

import java.util.Optional;
import java.util.SortedMap;

/**
 * How a training run ended.
 *
 * @param status finished, or killed by the user
 * @param steps optimizer steps taken
 * @param trainCrossEntropy mean training cross-entropy of the last steps (at most 10), in nats
 * @param validation score on the whole validation split; empty if the run was killed
 * @param sample the last generated text; empty if the run was killed
 * @param metricsDigest digest of every point logged
 * @param checkpoints {@link Checkpoint#digest} of each checkpoint saved, by step
 */
public record TrainingResult(
        RunStatus status,
        int steps,
        double trainCrossEntropy,
        Optional<Evaluation> validation,
        Optional<String> sample,
        String metricsDigest,
        SortedMap<Integer, String> checkpoints) {}
