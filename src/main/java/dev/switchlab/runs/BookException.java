package dev.switchlab.runs;

/** Tracking cannot go on as asked; the message is one line for the user. */
public final class BookException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BookException(String message) {
        super(message);
    }

    public BookException(String message, Throwable cause) {
        super(message, cause);
    }
}
