package dev.switchlab.train;

import java.util.Map;

/**
 * Where the training loop logs to; all that it knows of it. Only {@link #sync} waits for a disk, nothing for a network.
 */
public interface RunLog {

    /** The run's id. It never changes. */
    String runId();

    /**
     * Logs one value per metric at {@code step}, at the present time.
     *
     * @param step optimizer steps taken
     * @param metrics name to value; NaN and infinities are kept
     */
    void metrics(long step, Map<String, Double> metrics);

    /**
     * Keeps a small text as an artifact.
     *
     * @param path where, such as {@code samples/step-000500.txt}
     */
    void text(String path, String content);

    /** Waits until everything logged so far is safe; for the moment before a checkpoint. */
    void sync();
}
