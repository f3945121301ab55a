package dev.switchlab.runs.fake;

/** What becomes of a request to the fake server. */
public enum Fault {
    NONE,
    /** The connection breaks before the server has done anything. */
    CUT_BEFORE,
    /** The server does it, and the connection breaks before the answer. */
    CUT_AFTER,
    /** The server does it, and the connection breaks in the middle of the answer. */
    CUT_IN_ANSWER,
    ERROR_500_BEFORE,
    ERROR_500_AFTER,
    TOO_MANY_429,
    /** No answer ever, and nothing is done. */
    HANG_BEFORE,
    /** The server does it, but no answer ever comes. */
    HANG_AFTER,
    /** No answer in time; the server does it when it is told to let go. */
    LATE,
    /** The server gets it twice. */
    DUPLICATE;

    /** Whether the client sees this only by waiting in vain. MLflow's Java client hangs after three answers of 429. */
    public boolean isSilent() {
        return this == HANG_BEFORE || this == HANG_AFTER || this == TOO_MANY_429;
    }
}
