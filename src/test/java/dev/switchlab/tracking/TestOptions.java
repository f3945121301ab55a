package dev.switchlab.tracking;

import dev.switchlab.tracking.TrackingOptions.Timing;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;

/** Options whose waits are short. */
final class TestOptions {
    private TestOptions() {}

    /** For a server that answers, on a machine that may be busy. */
    static TrackingOptions quick(Consumer<String> notices) {
        return of(Credentials.none(), Duration.ofSeconds(10), Duration.ofSeconds(20), notices);
    }

    /**
     * @param call longest time of a call, and of the wait for the server at the start
     * @param finish how long a silent server is waited for at the end
     */
    static TrackingOptions of(Credentials credentials, Duration call, Duration finish, Consumer<String> notices) {
        Timing timing = new Timing(
                call,
                call,
                finish,
                Duration.ofMillis(20),
                Duration.ofMillis(10),
                Duration.ofMillis(100),
                Duration.ofMillis(200));
        return new TrackingOptions(credentials, timing, Duration.ZERO, false, notices);
    }

    static Credentials credentials(Map<String, String> environment) {
        return Credentials.fromEnvironment(environment);
    }
}
