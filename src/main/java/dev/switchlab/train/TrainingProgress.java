package dev.switchlab.train;

/** Where a run's progress is shown. */
public interface TrainingProgress {

    /** After each step. */
    void step(int step, StepResult result);

    /** After an evaluation on the validation sample. */
    void evaluation(int step, Evaluation evaluation);

    /** After a sample of text was generated. */
    void sample(int step, String text);

    /** A stage of the run began that takes a while. */
    void stage(String what);
}
