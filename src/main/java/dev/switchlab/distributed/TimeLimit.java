package dev.switchlab.distributed;

import java.time.Duration;
import java.util.Map;

/**
 * How long a rank is waited for.
 *
 * @param duration more than a rank ever works alone, as rank 0 does when it writes a sample or saves
 */
public record TimeLimit(Duration duration) {

    /** The environment variable that sets it, in seconds. */
    public static final String VARIABLE = "SWITCHLAB_RANK_LIMIT";

    private static final long SECONDS = 300;

    static TimeLimit ofEnvironment() {
        return of(System.getenv());
    }

    static TimeLimit of(Map<String, String> environment) {
        String text = environment.getOrDefault(VARIABLE, "").strip();
        if (text.isEmpty()) {
            return new TimeLimit(Duration.ofSeconds(SECONDS));
        }
        if (!text.matches("[1-9]\\d{0,5}")) {
            throw new ProcessGroupException("%s is '%s', allowed: whole seconds from 1 to 999999, for example %d"
                    .formatted(VARIABLE, text, SECONDS));
        }
        return new TimeLimit(Duration.ofSeconds(Long.parseLong(text)));
    }
}
