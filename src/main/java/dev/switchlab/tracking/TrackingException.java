package dev.switchlab.tracking;

/** The tracking store cannot be used as asked; the message is one line for the user. */
public final class TrackingException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** With a message that says what is wrong and what to do. */
    public TrackingException(String message) {
        super(message);
    }

    /** With the cause for {@code --debug}. */
    public TrackingException(String message, Throwable cause) {
        super(message, cause);
    }
}
