package dev.switchlab.bench;

import ai.djl.Device;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.kernel.Kernels;

/** What is timed. */
enum Work {
    /** A training step. */
    TRAINING,
    /** A forward pass at evaluation. */
    EVALUATION,
    /** A character of generated text. */
    GENERATION;

    Subject subject(Experiment experiment, Device device, Kernels kernels, int repeats) {
        return switch (this) {
            case TRAINING -> new TrainingSubject(experiment, device, kernels, repeats);
            case EVALUATION -> new EvaluationSubject(experiment, device, kernels, repeats);
            case GENERATION -> new GenerationSubject(experiment, device, kernels, repeats);
        };
    }
}
