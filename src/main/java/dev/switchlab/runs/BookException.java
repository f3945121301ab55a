package dev.switchlab.runs;

/**
 * The book of runs, or the server that it is mirrored to, cannot do what was asked; the message is one line for the
 * user.
 */
public final class BookException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With a whole message. */
    public BookException(String message) {
        super(message);
    }

    /** With a whole message, and what led to it. */
    public BookException(String message, Throwable cause) {
        super(message, cause);
    }
}
