package dev.switchlab.world;

/** The ranks cannot go on together. The message is one line. */
public final class WorldException extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** For the user, in one line. */
    public WorldException(String message) {
        super(message);
    }

    /** The same with what it came from. */
    public WorldException(String message, Throwable cause) {
        super(message, cause);
    }
}
