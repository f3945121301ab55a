package dev.switchlab.tracking;

import java.nio.file.Path;
import java.util.Map;

/**
 * Where one run's parameters, metrics and files go. No method but {@link #finish} and {@link #close} waits for a network: a training
 * step never waits for its log.
 */
public interface RunLog extends AutoCloseable {

    /** The run's id: the server's, or one of our own where the server was not there when the run started. It never changes. */
    String runId();

    /** Logs parameters: settings that do not change. */
    void params(Map<String, String> params);

    /** Sets tags: texts that may change. */
    void tags(Map<String, String> tags);

    /**
     * Logs one value a metric at {@code step}, at the present time.
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

    /**
     * Keeps a file as an artifact. The file may be replaced or deleted afterwards but not written to in place: it is uploaded later.
     *
     * @param path where, such as {@code weights.safetensors}
     */
    void file(String path, Path file);

    /** Waits until everything logged so far would survive the death of this process; for the moment before a checkpoint. */
    void sync();

    /** Ends the run. Waits until everything is stored, or the server has been silent for too long; then it is kept for later. */
    void finish(RunStatus status);

    /** Ends the run as {@link RunStatus#FAILED} if {@link #finish} was not called. */
    @Override
    void close();
}
