package dev.switchlab.runs.mirror;

import dev.switchlab.runs.BookLog;
import java.util.Optional;

/**
 * A run's log, and the mirror that copies it where a server is named.
 *
 * @param log what the run logs to
 */
public record MirroredLog(BookLog log, Optional<Mirror> mirror) implements AutoCloseable {

    /** Ends the log, and then sends the rest of it. */
    @Override
    public void close() {
        try {
            log.close();
        } finally {
            mirror.ifPresent(Mirror::close);
        }
    }
}
