package dev.switchlab.cli;

import dev.switchlab.io.Bar;
import dev.switchlab.io.Durations;
import dev.switchlab.session.TrainingView;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.StepResult;
import java.time.Duration;
import java.util.Locale;

/** Training progress: a bar with time left on a terminal, a line now and then in a file or a pipe. */
final class ConsoleProgress implements TrainingView.Progress {

    private static final Duration QUIET = Duration.ofSeconds(10);

    private final int steps;
    private final int taken;
    private final Bar bar;
    private final long start = System.nanoTime();
    private long lastLine = start;
    private double trainLoss = Double.NaN;
    private double validLoss = Double.NaN;

    /** @param taken steps that were taken before, in a run that goes on */
    ConsoleProgress(int steps, int taken) {
        this.steps = steps;
        this.taken = taken;
        bar = Bar.ofSteps("training", taken, steps);
    }

    @Override
    public void step(int step, StepResult result) {
        // A mean that forgets: one noisy step does not make the number jump.
        trainLoss = Double.isNaN(trainLoss) ? result.crossEntropy() : 0.9 * trainLoss + 0.1 * result.crossEntropy();
        bar.reached(step);
        bar.note(losses());
        if (bar.isDrawn()) {
            return;
        }
        long now = System.nanoTime();
        if (step == taken + 1 || now - lastLine > QUIET.toNanos()) {
            lastLine = now;
            double left = (now - start) / 1e9 / (step - taken) * (steps - step);
            bar.println(
                    String.format(Locale.ROOT, "step %d/%d  %s  %s left", step, steps, losses(), Durations.text(left)));
        }
    }

    @Override
    public void evaluation(int step, Evaluation evaluation) {
        validLoss = evaluation.crossEntropy();
        bar.println(String.format(
                Locale.ROOT,
                "step %d/%d  train %.3f  valid %.3f  (%.3f bits per character, %.1f %% right)",
                step,
                steps,
                trainLoss,
                validLoss,
                evaluation.bitsPerChar(),
                100 * evaluation.accuracy()));
    }

    @Override
    public void sample(int step, String text) {
        bar.println("--- sample at step " + step + System.lineSeparator() + text + System.lineSeparator() + "---");
    }

    @Override
    public void stage(String what) {
        bar.println(what + " ...");
    }

    private String losses() {
        return Double.isNaN(validLoss)
                ? String.format(Locale.ROOT, "train %.3f", trainLoss)
                : String.format(Locale.ROOT, "train %.3f valid %.3f", trainLoss, validLoss);
    }

    @Override
    public void close() {
        bar.close();
    }
}
