package dev.switchlab.train;

/** Training cannot go on; the message is one line for the user. */
public final class TrainingException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** With a message that says what is wrong and what to do. */
    public TrainingException(String message) {
        super(message);
    }

    /** With its cause as well. */
    public TrainingException(String message, Throwable cause) {
        super(message, cause);
    }
}
