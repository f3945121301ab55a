package dev.switchlab.session;

import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.TrainConfig;
import java.time.Duration;
import java.util.OptionalDouble;

/** Progress through the steps of a run: a smoothed loss, the time left, and when to report both. */
public final class Pace {

    /** Share of the newest step in the smoothed loss: one noisy step does not make the number jump. */
    private static final double NEWEST = 0.1;

    /** Steps after the first, and their seconds, before they tell how long the others may take. */
    private static final int LEAST_STEPS = 8;

    private static final double LEAST_SECONDS = 2;

    /** A step computes forward and backward, which takes about three times as long as scoring. */
    private static final double STEP_BY_SCORE = 3;

    private final int steps;
    private final int taken;
    private final double stepsOfScoring;
    private final Duration interval;
    private long firstStep;
    private long lastReport;
    private long lastStep;
    private double loss = Double.NaN;
    private OptionalDouble secondsLeft = OptionalDouble.empty();

    /**
     * @param taken steps that were taken before, in a run that is resumed
     * @param interval between two reports
     */
    public Pace(TrainingInput input, int taken, Duration interval) {
        this(input.experiment().train().steps(), taken, stepsOfScoring(input.experiment(), input.data()), interval);
    }

    /**
     * @param steps of the whole run
     * @param stepsOfScoring how many steps take as long as the scores at the end
     */
    Pace(int steps, int taken, double stepsOfScoring, Duration interval) {
        this.steps = steps;
        this.taken = taken;
        this.stepsOfScoring = stepsOfScoring;
        this.interval = interval;
    }

    private static double stepsOfScoring(Experiment experiment, TextData data) {
        TrainConfig train = experiment.train();
        double step = (double) train.batchSize() * train.seqLen() * train.accumulate();
        return data.split().validation().limit() / step / STEP_BY_SCORE;
    }

    /** Takes a step; true if a report is due: after the first step, and then once per interval. */
    public boolean step(int step, double crossEntropy) {
        return step(step, crossEntropy, System.nanoTime());
    }

    boolean step(int step, double crossEntropy, long now) {
        loss = Double.isNaN(loss) ? crossEntropy : (1 - NEWEST) * loss + NEWEST * crossEntropy;
        boolean first = step == taken + 1;
        firstStep = first ? now : firstStep;
        lastStep = now;
        // Without the first step, which also starts the engine.
        int measured = step - taken - 1;
        double seconds = (now - firstStep) / 1e9;
        if (measured >= LEAST_STEPS && seconds >= LEAST_SECONDS) {
            secondsLeft = OptionalDouble.of(seconds / measured * (steps - step + stepsOfScoring));
        }
        boolean due = first || now - lastReport > interval.toNanos();
        lastReport = due ? now : lastReport;
        return due;
    }

    /** Smoothed cross-entropy in nats; NaN before the first step. */
    public double loss() {
        return loss;
    }

    /** Time until the run is scored, at the mean speed so far; empty while that says little. */
    public OptionalDouble secondsLeft() {
        return secondsLeft(System.nanoTime());
    }

    OptionalDouble secondsLeft(long now) {
        return secondsLeft.isEmpty()
                ? secondsLeft
                : OptionalDouble.of(Math.max(0, secondsLeft.getAsDouble() - (now - lastStep) / 1e9));
    }
}
