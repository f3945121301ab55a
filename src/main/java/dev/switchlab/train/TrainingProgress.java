package dev.switchlab.train;

/** Where a run's progress is shown; nothing is, unless a method is overridden. */
public interface TrainingProgress {

    /** After each step. */
    default void step(int step, StepMetrics result) {}

    /** After an evaluation on the validation sample. */
    default void evaluation(int step, Evaluation evaluation) {}

    /** After a sample of text was generated. */
    default void sample(int step, String text) {}

    /** A stage of the run began that takes a while. */
    default void stage(String what) {}
}
