package dev.switchlab.train;

/** How a run ended, in MLflow's words. */
public enum RunStatus {
    FINISHED,
    FAILED,
    /** Ended by the user. */
    KILLED
}
