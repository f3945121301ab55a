package dev.switchlab.tracking;

import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How a {@link TrackingStore} behaves.
 *
 * @param credentials for a named server
 * @param timing when to give up and when to try again
 * @param systemMetrics time between two samples of the machine's load; zero for none
 * @param progressBars whether large uploads show a bar on standard error
 * @param notices takes one-line messages for the user
 */
public record TrackingOptions(
        Credentials credentials,
        Timing timing,
        Duration systemMetrics,
        boolean progressBars,
        Consumer<String> notices) {

    /**
     * @param call longest time that one call to the server may take; an upload may take longer while bytes flow
     * @param start longest time that the start of a run waits for the server before it goes on without
     * @param finish longest time without progress that the end of a run waits for the server
     * @param batch metrics are gathered for so long before they are sent
     * @param firstRetry pause after the first failure; it doubles up to {@code lastRetry}
     * @param lastRetry longest pause between two attempts
     * @param force the spool is forced to the disk (fsync) so often while it grows
     */
    public record Timing(
            Duration call,
            Duration start,
            Duration finish,
            Duration batch,
            Duration firstRetry,
            Duration lastRetry,
            Duration force) {
        static final Timing DEFAULT = new Timing(
                Duration.ofSeconds(20),
                Duration.ofSeconds(10),
                Duration.ofSeconds(30),
                Duration.ofSeconds(1),
                Duration.ofMillis(500),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5));
    }

    /**
     * The usual, with credentials from the environment.
     *
     * @param notices takes one-line messages for the user
     */
    public static TrackingOptions of(Map<String, String> environment, Consumer<String> notices) {
        return new TrackingOptions(
                Credentials.fromEnvironment(environment),
                Timing.DEFAULT,
                Duration.ofSeconds(10),
                UploadProgress.isTerminal(),
                notices);
    }

    /** These options with another interval of system metrics; zero for none. */
    public TrackingOptions withSystemMetrics(Duration interval) {
        return new TrackingOptions(credentials, timing, interval, progressBars, notices);
    }
}
