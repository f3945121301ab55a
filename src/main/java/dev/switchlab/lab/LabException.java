package dev.switchlab.lab;

/**
 * An error of a verb, in one line. Without a stack trace, so that the prompt shows only the line; {@link Lab#why()}
 * prints the trace.
 */
public final class LabException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** @param message one line: what is wrong, and what is allowed */
    public LabException(String message) {
        super(message, null, false, false);
    }
}
