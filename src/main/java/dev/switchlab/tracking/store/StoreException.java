package dev.switchlab.tracking.store;

/** The store cannot be opened or served: the message is one line that says what is wrong, where, and what to do. */
public final class StoreException extends RuntimeException {
    StoreException(String message) {
        super(message);
    }

    StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
