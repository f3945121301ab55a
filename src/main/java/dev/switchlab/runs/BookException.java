package dev.switchlab.runs;

/** A request that the book of runs or its server cannot fulfil. The message is one line for the user. */
public final class BookException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** An exception with a complete message. */
    public BookException(String message) {
        super(message);
    }

    /** An exception with a complete message and a cause. */
    public BookException(String message, Throwable cause) {
        super(message, cause);
    }
}
