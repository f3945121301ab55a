package dev.switchlab.runs.mirror;

import java.time.Duration;

/**
 * When a mirror gives up and when it tries again.
 *
 * @param call longest time that one call to the server may take; an upload may take longer while bytes flow
 * @param finish longest time without progress that the end of a run waits for the server
 * @param pause between two passes
 * @param firstRetry pause after the first failure; it doubles up to {@code lastRetry}
 * @param lastRetry longest pause between two attempts
 */
public record MirrorTiming(Duration call, Duration finish, Duration pause, Duration firstRetry, Duration lastRetry) {
    /** The usual. */
    public static final MirrorTiming DEFAULT = new MirrorTiming(
            Duration.ofSeconds(20),
            Duration.ofSeconds(30),
            Duration.ofSeconds(1),
            Duration.ofMillis(500),
            Duration.ofSeconds(30));
}
