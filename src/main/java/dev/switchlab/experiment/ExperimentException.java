package dev.switchlab.experiment;

import java.util.Optional;

/**
 * An experiment that cannot be: the message is one line that says what is wrong, where, what is allowed, and an
 * example.
 */
public final class ExperimentException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String key;

    /** A problem that belongs to no single setting. */
    public ExperimentException(String message) {
        this("", message);
    }

    ExperimentException(String key, String message) {
        super(message.strip().replaceAll("\\s*\\R\\s*", " "));
        this.key = key;
    }

    /** The setting that is wrong, as in {@code model.heads}. */
    public Optional<String> key() {
        return key.isEmpty() ? Optional.empty() : Optional.of(key);
    }

    /** This problem with its message led by the place (file and line, or override) that the value came from. */
    ExperimentException at(String place) {
        ExperimentException placed = new ExperimentException(key, place + ": " + getMessage());
        placed.setStackTrace(getStackTrace());
        return placed;
    }
}
