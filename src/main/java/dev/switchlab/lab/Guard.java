package dev.switchlab.lab;

import com.google.common.base.Throwables;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** Runs the work of verbs: every error becomes one line, and Ctrl-C ends long work in good order. */
final class Guard {

    private static volatile String last;

    private Guard() {}

    /** Work that can be stopped. */
    interface Work<T> {

        /** @param stop asked now and then; true asks the work to end early */
        T run(BooleanSupplier stop) throws Exception;
    }

    /** The value of {@code verb}, or a {@link LabException} with its error in one line. */
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

    private static String line(Exception e) {
        String message = e.getMessage();
        if (message == null || message.isBlank()) {
            return e.getClass().getSimpleName() + "; why() shows where";
        }
        String text = message.strip().replaceAll("\\s*\\R\\s*", "; ");
        return e instanceof NoSuchFileException ? "no such file: " + text : text;
    }

    /** Keeps an error for {@link #last()}. */
    static void keep(Throwable e) {
        last = Throwables.getStackTraceAsString(e).strip();
    }

    /** The stack trace of the last error. */
    static Optional<String> last() {
        return Optional.ofNullable(last);
    }

    /**
     * Runs {@code work} on a thread of its own. jshell stops a snippet by an exception at any point of its thread, and
     * by an interrupt: then the work is asked to stop, waited for, and its value printed.
     */
    static <T> T stoppable(Work<T> work) throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        FutureTask<T> task = new FutureTask<>(() -> work.run(stop::get));
        new Thread(task, "lab-work").start();
        boolean ended = false;
        try {
            T value = task.get();
            ended = true;
            return value;
        } catch (ExecutionException e) {
            ended = true;
            Throwables.throwIfInstanceOf(e.getCause(), Exception.class);
            Throwables.throwIfUnchecked(e.getCause());
            throw e;
        } finally {
            if (!ended) {
                stop.set(true);
                finish(task);
            }
        }
    }

    private static void finish(FutureTask<?> task) {
        Thread.interrupted(); // otherwise waiting would end at once
        try {
            System.out.println(task.get());
        } catch (ExecutionException e) {
            System.err.println("error: " + e.getCause().getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
