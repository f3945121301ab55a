package dev.switchlab.lab;

import dev.switchlab.io.Bar;
import dev.switchlab.io.Screen;
import dev.switchlab.session.Pace;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingView;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.StepMetrics;
import dev.switchlab.train.TrainingResult;
import java.time.Duration;
import java.util.Locale;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.Table;

/**
 * A run that was trained at the prompt.
 *
 * @param id its id in the book of runs
 * @param history one row per step: step, cross_entropy, load_balance, z_loss if it is part of the loss, grad_norm,
 *     learning_rate
 */
public record TrainedRun(String id, TrainingResult result, Table history, LabModel model) {

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
        return String.format(
                Locale.ROOT,
                "%s seed %d: %d steps, training %.3f, %s",
                model.experiment().id(),
                model.experiment().seed(),
                result.steps(),
                training(),
                result.validation()
                        .map(whole -> "validation " + ValueText.score(whole))
                        .orElse("stopped early; continue with: make resume RUN=" + id.substring(0, 8)));
    }

    /** Records every step, and prints a line at each evaluation; on a terminal, above a progress bar. */
    static final class History implements TrainingView, TrainingView.Progress {

        private final IntColumn step = IntColumn.create("step");
        private final DoubleColumn crossEntropy = DoubleColumn.create("cross_entropy");
        private final DoubleColumn loadBalance = DoubleColumn.create("load_balance");
        private final DoubleColumn zLoss = DoubleColumn.create("z_loss");
        private final DoubleColumn gradNorm = DoubleColumn.create("grad_norm");
        private final DoubleColumn learningRate = DoubleColumn.create("learning_rate");

        private final TrainingInput input;
        private Pace pace;
        private int steps;
        private Bar bar = Bar.none();

        History(TrainingInput input) {
            this.input = input;
        }

        @Override
        public Progress progress(int steps, int taken) {
            this.steps = steps;
            pace = new Pace(input, taken, Duration.ZERO);
            if (Screen.LAB > 0) {
                bar = Bar.ofSteps("training", taken, steps, pace::secondsLeft, Screen.LAB - 1);
            }
            return this;
        }

        @Override
        public void step(int number, StepMetrics result) {
            step.append(number);
            crossEntropy.append(result.crossEntropy());
            loadBalance.append(result.loadBalance());
            result.zLoss().ifPresent(zLoss::append);
            gradNorm.append(result.gradNorm());
            learningRate.append(result.learningRate());
            pace.step(number, result.crossEntropy());
            bar.reached(number);
        }

        @Override
        public void evaluation(int number, Evaluation evaluation) {
            bar.println(String.format(
                    Locale.ROOT,
                    "step %d/%d  train %.3f  valid %.3f",
                    number,
                    steps,
                    crossEntropy.getDouble(crossEntropy.size() - 1),
                    evaluation.crossEntropy()));
        }

        @Override
        public void stage(String what) {}

        @Override
        public void close() {
            bar.close();
            bar = Bar.none();
        }

        Table table() {
            Table table = Table.create("history", step, crossEntropy, loadBalance, gradNorm, learningRate);
            return zLoss.isEmpty() ? table : table.insertColumn(3, zLoss);
        }
    }
}
