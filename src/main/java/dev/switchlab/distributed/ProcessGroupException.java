package dev.switchlab.distributed;

/** The ranks cannot go on together. The message is one line. */
public final class ProcessGroupException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** For the user, in one line. */
    public ProcessGroupException(String message) {
        super(message);
    }

    /** For the user, in one line, with the cause. */
    public ProcessGroupException(String message, Throwable cause) {
        super(message, cause);
    }
}
