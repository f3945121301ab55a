package dev.switchlab.lab;

import dev.switchlab.train.Evaluation;
import dev.switchlab.train.TrainingResult;
import java.util.Locale;
import java.util.Optional;

/**
 * A run that was trained at the prompt.
 *
 * @param id its id in the book of runs
 * @param result how it ended
 * @param history one row per step: step, cross_entropy, load_balance, z_loss where the model is trained on it,
 *     grad_norm, learning_rate
 * @param model the trained model
 */
public record TrainedRun(String id, TrainingResult result, LabTable history, LabModel model) {

    /** Cross-entropy on the whole validation split, in nats per character. */
    public double validation() {
        return result.validation().map(Evaluation::crossEntropy).orElse(Double.NaN);
    }

    /** Mean cross-entropy of the last training steps, in nats per character. */
    public double training() {
        return result.trainCrossEntropy();
    }

    @Override
    public String toString() {
        Optional<Evaluation> whole = result.validation();
        String score = whole.map(e -> String.format(
                        Locale.ROOT,
                        "validation %.3f nats per character (%.3f bits, %.1f %% right)",
                        e.crossEntropy(),
                        e.bitsPerChar(),
                        100 * e.accuracy()))
                .orElse("stopped early; go on with: make resume RUN=" + id.substring(0, 8));
        return String.format(
                Locale.ROOT,
                "%s seed %d: %d steps, training %.3f, %s",
                model.experiment().id(),
                model.experiment().seed(),
                result.steps(),
                result.trainCrossEntropy(),
                score);
    }
}
