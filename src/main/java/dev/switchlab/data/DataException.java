package dev.switchlab.data;

/** A corpus or text that cannot be used: the message is one line that says what is wrong, where, and what to do. */
public final class DataException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DataException(String message) {
        super(message.strip().replaceAll("\\s*\\R\\s*", " "));
    }
}
