package dev.switchlab.cli;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jline.utils.Signals;

/** Ctrl-C (SIGINT) and SIGTERM as requests: the first asks for an end in good order, the second for one at once. */
final class StopOnSignals implements AutoCloseable {

    private static final List<String> SIGNALS = List.of("INT", "TERM");
    private static final int BY_SIGNAL = 128;

    private final AtomicInteger count = new AtomicInteger();
    private final List<Object> before;
    private volatile int code;

    /**
     * Listens from now on.
     *
     * @param requested takes how many signals came, this one included; on a thread of its own
     */
    StopOnSignals(Consumer<Integer> requested) {
        before = SIGNALS.stream()
                .map(name -> Signals.register(name, () -> {
                    code = BY_SIGNAL + (name.equals("INT") ? 2 : 15);
                    requested.accept(count.incrementAndGet());
                }))
                .toList();
    }

    /** The exit code that shells use for the last signal. */
    int exitCode() {
        return code;
    }

    @Override
    public void close() {
        for (int i = 0; i < SIGNALS.size(); i++) {
            Signals.unregister(SIGNALS.get(i), before.get(i));
        }
    }
}
