package dev.switchlab.tracking;

import java.nio.file.Path;
import java.util.Map;

/**
 * Where one run's parameters, metrics and files go. No method blocks on a network: a training step never waits for its log.
 */
public interface RunLog extends AutoCloseable {

    /** The run's id in the tracking store. */
    String runId();

    /** Logs parameters: settings that do not change. */
    void params(Map<String, String> params);

    /** Sets tags: texts that may change. */
    void tags(Map<String, String> tags);

    /**
     * Logs one value a metric at {@code step}.
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
     * Keeps a file as an artifact.
     *
     * @param path where, such as {@code weights.safetensors}
     */
    void file(String path, Path file);

    /** Ends the run. Waits until everything is stored. */
    void finish(RunStatus status);

    /** Ends the run as {@link RunStatus#FAILED} if {@link #finish} was not called. */
    @Override
    void close();
}
