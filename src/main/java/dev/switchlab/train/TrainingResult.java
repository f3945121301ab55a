package dev.switchlab.train;

import dev.switchlab.tracking.RunStatus;
import java.util.Optional;

/**
 * How a training run ended.
 *
 * @param status finished, or killed by the user
 * @param steps optimizer steps taken
 * @param trainCrossEntropy mean training cross-entropy of the last steps (at most 10), in nats
 * @param validation score on the whole validation split; empty if the run was killed
 * @param sample the last generated text; empty if the run was killed
 */
public record TrainingResult(
        RunStatus status,
        int steps,
        double trainCrossEntropy,
        Optional<Evaluation> validation,
        Optional<String> sample) {}
