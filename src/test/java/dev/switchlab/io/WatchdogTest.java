package dev.switchlab.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WatchdogTest {

    @Test
    void aCallThatHangsIsInterruptedAndTheNextOneRuns() throws Exception {
        CountDownLatch interrupted = new CountDownLatch(1);
        try (Watchdog watchdog = new Watchdog("test", Duration.ofMillis(100))) {
            assertThatThrownBy(() -> watchdog.call(() -> {
                        try {
                            Thread.sleep(Long.MAX_VALUE);
                        } catch (InterruptedException e) {
                            interrupted.countDown();
                        }
                        return "late";
                    }))
                    .isInstanceOf(TimeoutException.class);
            interrupted.await();
        }
        try (Watchdog watchdog = new Watchdog("test", Duration.ofSeconds(50))) {
            assertThat(watchdog.call(() -> 17)).isEqualTo(17);
        }
    }

    /** Not even a call that no interrupt ends holds up the next. */
    @Test
    void aCallThatCannotBeEndedIsLeftBehind() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        Watchdog watchdog = new Watchdog("test", Duration.ofSeconds(2));
        assertThatThrownBy(() -> watchdog.call(() -> {
                    while (end.getCount() > 0) {
                        Thread.onSpinWait();
                    }
                    return "late";
                }))
                .isInstanceOf(TimeoutException.class);
        assertThat(watchdog.call(() -> Thread.currentThread().isDaemon())).isTrue();
        end.countDown();
        watchdog.close();
    }

    @Test
    void whatACallThrowsArrives() throws Exception {
        try (Watchdog watchdog = new Watchdog("test", Duration.ofSeconds(50))) {
            assertThatThrownBy(() -> watchdog.call(() -> {
                        throw new IllegalStateException("no");
                    }))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(IllegalStateException.class);
            assertThat(watchdog.call(() -> 17)).isEqualTo(17);
        }
    }
}
