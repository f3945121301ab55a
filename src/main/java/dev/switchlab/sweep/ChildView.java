package dev.switchlab.sweep;

import dev.switchlab.provenance.Provenance;
import dev.switchlab.session.TrainingView;
import dev.switchlab.sweep.ChildState.Running;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.StepResult;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/** Tells a child's progress, now and then. */
final class ChildView implements TrainingView {

    private static final Duration QUIET = Duration.ofMillis(300);

    private final Consumer<ChildState> told;

    ChildView(Consumer<ChildState> told) {
        this.told = told;
    }

    @Override
    public void begun(String runId, LanguageModel model, Provenance provenance) {}

    @Override
    public Progress progress(int steps, int taken) {
        told.accept(new Running(taken, steps, Double.NaN, OptionalDouble.empty()));
        return new Steps(steps, taken);
    }

    @Override
    public void stage(String what) {}

    @Override
    public void warning(String text) {
        System.err.println("WARNING: " + text);
    }

    /** The steps of one process. */
    private final class Steps implements Progress {

        private final int steps;
        private final int taken;
        private final long start = System.nanoTime();
        private long last = start;
        private double loss = Double.NaN;

        Steps(int steps, int taken) {
            this.steps = steps;
            this.taken = taken;
        }

        @Override
        public void step(int step, StepResult result) {
            // A mean that forgets: one noisy step does not make the number jump.
            loss = Double.isNaN(loss) ? result.crossEntropy() : 0.9 * loss + 0.1 * result.crossEntropy();
            long now = System.nanoTime();
            if (step == taken + 1 || step == steps || now - last > QUIET.toNanos()) {
                last = now;
                double left = (now - start) / 1e9 / (step - taken) * (steps - step);
                told.accept(new Running(step, steps, loss, OptionalDouble.of(left)));
            }
        }

        @Override
        public void evaluation(int step, Evaluation evaluation) {}

        @Override
        public void sample(int step, String text) {}

        @Override
        public void stage(String what) {}

        @Override
        public void close() {}
    }
}
