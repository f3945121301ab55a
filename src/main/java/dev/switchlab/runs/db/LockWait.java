package dev.switchlab.runs.db;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sqlite.BusyHandler;

/** Waits while another process locks the file, and after two seconds names that process once. */
final class LockWait extends BusyHandler {
    private static final Duration LONGEST = Duration.ofMinutes(2);
    private static final Duration SILENCE = Duration.ofSeconds(2);
    private static final int LONGEST_COMMAND = 80;

    private final Path file;
    private final Consumer<String> notices;
    private long start;
    private boolean told;

    LockWait(Path file, Consumer<String> notices) {
        this.file = file;
        this.notices = notices;
    }

    /** @return 0 to give up */
    @Override
    protected int callback(int attempt) {
        if (attempt == 0) {
            start = System.nanoTime();
            told = false;
        }
        long waited = System.nanoTime() - start;
        if (waited > LONGEST.toNanos()) {
            return 0;
        }
        if (!told && waited > SILENCE.toNanos()) {
            told = true;
            notices.accept("waiting for " + holder().orElse("another process") + ", which locks " + file
                    + " (given up after " + LONGEST.toMinutes() + " min) ...");
        }
        Uninterruptibles.sleepUninterruptibly(Duration.ofMillis(Math.min(50, 1 + attempt)));
        return 1;
    }

    /** The process that has a write lock on the file or on its shared index; known on Linux only. */
    private Optional<String> holder() {
        try {
            for (Path locked : new Path[] {file.resolveSibling(file.getFileName() + "-shm"), file}) {
                if (Files.exists(locked)) {
                    Pattern lock = Pattern.compile(
                            "POSIX .* WRITE (\\d+) [^ ]*:" + Files.getAttribute(locked, "unix:ino") + " ");
                    Matcher found = lock.matcher(Files.readString(Path.of("/proc/locks")));
                    if (found.find()) {
                        return Optional.of(process(found.group(1)));
                    }
                }
            }
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return Optional.empty(); // not Linux
        }
        return Optional.empty();
    }

    private static String process(String pid) {
        String command = ProcessHandle.of(Long.parseLong(pid))
                .flatMap(process -> process.info().commandLine())
                .orElse("")
                .replaceAll("\\p{Cntrl}+", " ");
        String shown = command.length() > LONGEST_COMMAND ? command.substring(0, LONGEST_COMMAND) + "..." : command;
        return "process " + pid + (shown.isEmpty() ? "" : " (" + shown + ")");
    }
}
