package dev.switchlab.bench;

import ai.djl.Device;
import dev.switchlab.experiment.Experiment;

/** What is timed. */
enum Work {
    /** A training step. */
    TRAINING,
    /** A forward pass at evaluation. */
    EVALUATION,
    /** A character of generated text. */
    GENERATION;

    Subject subject(Experiment experiment, Device device, int repeats) {
        return switch (this) {
            case TRAINING -> new TrainingSubject(experiment, device, repeats);
            case EVALUATION -> new EvaluationSubject(experiment, device, repeats);
            case GENERATION -> new GenerationSubject(experiment, device, repeats);
        };
    }
}
