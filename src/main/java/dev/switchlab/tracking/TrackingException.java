package dev.switchlab.tracking;

/** Tracking cannot go on as asked; the message is one line for the user. */
public final class TrackingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TrackingException(String message) {
        super(message);
    }

    public TrackingException(String message, Throwable cause) {
        super(message, cause);
    }
}
