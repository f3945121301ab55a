package dev.switchlab.data;

import java.io.ByteArrayOutputStream;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What has arrived of a download: filled by the client's thread, watched by ours. Never holds more than was expected.
 */
final class Received implements Consumer<Optional<byte[]>> {
    private final ByteArrayOutputStream buffer = new ByteArrayOutputStream();
    private final int expected;
    private boolean tooLong;

    Received(int expected) {
        this.expected = expected;
    }

    @Override
    public synchronized void accept(Optional<byte[]> chunk) {
        byte[] bytes = chunk.orElse(new byte[0]);
        tooLong |= buffer.size() + bytes.length > expected;
        if (!tooLong) {
            buffer.writeBytes(bytes);
        }
    }

    synchronized int count() {
        return buffer.size();
    }

    synchronized boolean isTooLong() {
        return tooLong;
    }

    synchronized byte[] bytes() {
        return buffer.toByteArray();
    }
}
