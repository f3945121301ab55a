package dev.switchlab.lab;

/**
 * What a verb could not do, in one line. It carries no stack trace, so that a prompt shows the line and nothing else;
 * {@link Lab#why()} has the trace.
 */
public final class LabException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Says in one line what could not be done, and what is allowed. */
    public LabException(String message) {
        super(message, null, false, false);
    }
}
