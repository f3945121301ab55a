package dev.switchlab.lab;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Optional;
import java.util.concurrent.Callable;

/** Runs a verb so that whatever goes wrong reads as one line of the lab. */
final class Guard {

    private static volatile String last;

    private Guard() {}

    /** The value of {@code verb}, or a {@link LabException} that says in one line why there is none. */
    static <T> T call(Callable<T> verb) {
        try {
            return verb.call();
        } catch (LabException e) {
            throw e;
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            keep(e);
            throw new LabException(line(e));
        }
    }

    /** Keeps what went wrong outside a verb for {@link #last()}. */
    static void keep(Throwable e) {
        last = trace(e);
    }

    /** The stack trace of what failed last. */
    static Optional<String> last() {
        return Optional.ofNullable(last);
    }

    private static String trace(Throwable e) {
        StringWriter text = new StringWriter();
        e.printStackTrace(new PrintWriter(text, true));
        return text.toString().strip();
    }

    private static String line(Throwable e) {
        String message = e.getMessage();
        String text = message == null || message.isBlank()
                ? e.getClass().getSimpleName() + "; why() shows where"
                : message.strip().replaceAll("\\s*\\R\\s*", "; ");
        return e instanceof java.nio.file.NoSuchFileException ? "no such file: " + text : text;
    }
}
