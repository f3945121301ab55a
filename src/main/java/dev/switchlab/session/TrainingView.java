package dev.switchlab.session;

import dev.switchlab.provenance.Provenance;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.TrainingProgress;

/** Who watches a training session. */
public interface TrainingView {

    /** The run has its id and the model its first weights. */
    void begun(String runId, LanguageModel model, Provenance provenance);

    /**
     * Watches the steps; closed when they are over.
     *
     * @param steps of the whole run
     * @param taken steps that were taken before, in a run that goes on
     */
    Progress progress(int steps, int taken);

    /** A stage after the steps began that takes a while. */
    void stage(String what);

    /** Something is not as it should be, and the session goes on. */
    void warning(String text);

    /** Watches the steps. */
    interface Progress extends TrainingProgress, AutoCloseable {

        @Override
        void close();
    }
}
