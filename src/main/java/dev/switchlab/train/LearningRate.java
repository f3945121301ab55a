package dev.switchlab.train;

import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.experiment.TrainConfig.Schedule;

/**
 * The learning rate of each optimizer step, counted from 1. By StrictMath: its bits do not depend on the CPU or the
 * JDK.
 */
public final class LearningRate {

    private final TrainConfig config;
    private final int dModel;

    /**
     * @param config schedule, peak, warm-up and length
     * @param dModel enters the Noam schedule
     */
    public LearningRate(TrainConfig config, int dModel) {
        this.config = config;
        this.dModel = dModel;
    }

    /** The learning rate of {@code step}, from 1. */
    public double at(int step) {
        if (config.schedule() == Schedule.NOAM) {
            return noam(config.learningRate(), config.warmup(), dModel, step);
        }
        double peak = config.learningRate();
        if (step <= config.warmup()) {
            return peak * step / config.warmup();
        }
        if (config.schedule() == Schedule.CONSTANT) {
            return peak;
        }
        double last = peak * config.finalLearningRate();
        double start = decayStart();
        double span = Math.max(1, config.steps() - start);
        double progress = Math.max(0, Math.min(1, (step - start) / span));
        return config.schedule() == Schedule.COSINE
                ? last + (peak - last) * (1 + StrictMath.cos(Math.PI * progress)) / 2
                : last + (peak - last) * (1 - progress);
    }

    /** The last step at the peak; where the decay is a share of all steps, it may lie between two. */
    private double decayStart() {
        return config.schedule() == Schedule.WSD
                ? Math.max(config.warmup(), config.steps() * (1 - config.decayShare()))
                : config.warmup();
    }

    /** {@code factor * d_model^-0.5 * min(t^-0.5, t * warmup^-1.5)} (reference: {@code Noam.get_lr}). */
    public static double noam(double factor, int warmup, int dModel, int step) {
        double shape = Math.min(StrictMath.pow(step, -0.5), step * StrictMath.pow(warmup, -1.5));
        return factor * StrictMath.pow(dModel, -0.5) * shape;
    }
}
