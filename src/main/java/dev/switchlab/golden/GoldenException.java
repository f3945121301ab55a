package dev.switchlab.golden;

/** A case that cannot be checked at all. The message is one line: what is wrong and where. */
public final class GoldenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    GoldenException(String message) {
        super(message);
    }

    GoldenException(String message, Throwable cause) {
        super(message, cause);
    }
}
