package dev.switchlab.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class GuardTest {

    @Test
    void givesTheValueAndThrowsWhatTheWorkThrows() throws Exception {
        int value = Guard.stoppable(stop -> 7);
        assertThat(value).isEqualTo(7);
        assertThatThrownBy(() -> Guard.stoppable(stop -> {
                    throw new IOException("disk");
                }))
                .isInstanceOf(IOException.class)
                .hasMessage("disk");
    }

    /** As Ctrl-C does. */
    @Test
    void aStopIsAskedForAndWaitedFor() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        AtomicBoolean hasEnded = new AtomicBoolean();
        CompletableFuture<Boolean> endedBeforeTheInterrupt = new CompletableFuture<>();
        Thread prompt = new Thread(() -> {
            try {
                Guard.stoppable(stop -> {
                    started.countDown();
                    while (!stop.getAsBoolean()) {
                        Thread.onSpinWait();
                    }
                    Thread.sleep(50);
                    hasEnded.set(true);
                    return "stopped early";
                });
            } catch (InterruptedException e) {
                endedBeforeTheInterrupt.complete(hasEnded.get());
            } catch (Exception e) {
                endedBeforeTheInterrupt.completeExceptionally(e);
            }
        });
        prompt.start();
        started.await();
        prompt.interrupt();
        prompt.join();
        assertThat(endedBeforeTheInterrupt).isCompletedWithValue(true);
    }
}
