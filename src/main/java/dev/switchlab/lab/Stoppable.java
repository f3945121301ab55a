package dev.switchlab.lab;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * Work that Ctrl-C at the prompt ends in good order. jshell stops a snippet by an exception that strikes its thread
 * wherever it is, and an interrupt besides; so the work has a thread of its own, which is asked to stop and waited for.
 */
final class Stoppable {

    private Stoppable() {}

    /** What is done, and looks now and then whether it should stop. */
    interface Work<T> {
        T run(BooleanSupplier stop) throws Exception;
    }

    /**
     * Does {@code work}. If this thread is stopped meanwhile, it ends when the work has ended, after saying what came
     * of it.
     */
    static <T> T call(Work<T> work) throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        FutureTask<T> task = new FutureTask<>(() -> work.run(stop::get));
        Thread worker = new Thread(task, "lab-work");
        worker.start();
        boolean ended = false;
        try {
            T value = task.get();
            ended = true;
            return value;
        } catch (ExecutionException e) {
            ended = true;
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof Exception cause ? cause : e;
        } finally {
            if (!ended) {
                stop.set(true);
                finish(task);
            }
        }
    }

    private static void finish(FutureTask<?> task) {
        Thread.interrupted(); // or waiting would end at once
        try {
            System.out.println(task.get());
        } catch (ExecutionException e) {
            System.err.println("error: " + e.getCause().getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
