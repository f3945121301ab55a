package dev.switchlab.session;

import dev.switchlab.provenance.Provenance;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.TrainingProgress;

/** Shows a training session; by default nothing but warnings. */
public interface TrainingView {

    /** The run has its id and the model its first weights. */
    default void begun(String runId, LanguageModel model, Provenance provenance) {}

    /**
     * Shows the steps; closed when they are over.
     *
     * @param steps of the whole run
     * @param taken steps that were taken before, in a run that is resumed
     */
    Progress progress(int steps, int taken);

    /** A stage after the steps began that takes a while. */
    default void stage(String what) {}

    /** A problem that does not end the session. */
    default void warning(String text) {
        System.err.println("WARNING: " + text);
    }

    /** Shows the steps. */
    interface Progress extends TrainingProgress, AutoCloseable {

        @Override
        default void close() {}
    }
}
