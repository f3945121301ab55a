package dev.switchlab.session;

import java.time.Duration;

/** Progress through the steps of a run: a smoothed loss, the time left, and when to report both. */
public final class Pace {

    /** Share of the newest step in the smoothed loss: one noisy step does not make the number jump. */
    private static final double NEWEST = 0.1;

    private final int steps;
    private final int taken;
    private final Duration interval;
    private final long start = System.nanoTime();
    private long lastReport = start;
    private double loss = Double.NaN;
    private double secondsLeft = Double.NaN;

    /**
     * Starts the clock.
     *
     * @param steps of the whole run
     * @param taken steps that were taken before, in a run that is resumed
     * @param interval between two reports
     */
    public Pace(int steps, int taken, Duration interval) {
        this.steps = steps;
        this.taken = taken;
        this.interval = interval;
    }

    /** Takes a step; true if a report is due: after the first step, and then once per interval. */
    public boolean step(int step, double crossEntropy) {
        loss = Double.isNaN(loss) ? crossEntropy : (1 - NEWEST) * loss + NEWEST * crossEntropy;
        long now = System.nanoTime();
        secondsLeft = (now - start) / 1e9 / (step - taken) * (steps - step);
        boolean due = step == taken + 1 || now - lastReport > interval.toNanos();
        lastReport = due ? now : lastReport;
        return due;
    }

    /** Smoothed cross-entropy in nats; NaN before the first step. */
    public double loss() {
        return loss;
    }

    /** Time until the last step, at the mean speed so far; NaN before the first step. */
    public double secondsLeft() {
        return secondsLeft;
    }
}
