package dev.switchlab.runs;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * How a {@link Book} behaves.
 *
 * @param secrets texts that must appear nowhere in it
 * @param systemMetrics time between two samples of the machine's load; zero for none
 * @param notices takes one-line messages for the user
 */
public record BookOptions(List<String> secrets, Duration systemMetrics, Consumer<String> notices) {

    /** The usual: a sample every ten seconds. */
    public static BookOptions of(List<String> secrets, Consumer<String> notices) {
        return new BookOptions(List.copyOf(secrets), Duration.ofSeconds(10), notices);
    }
}
