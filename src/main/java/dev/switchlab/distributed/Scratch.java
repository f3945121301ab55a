package dev.switchlab.distributed;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Direct buffers that are used again: the JVM would free them late, and steps want the same ones in the same order. */
final class Scratch {

    private final List<ByteBuffer> free = new ArrayList<>();

    /** One with at least {@code bytes} bytes, until it is {@linkplain #give given} back. */
    ByteBuffer take(int bytes) {
        // By place in the list: buffers are equal if their contents are.
        return IntStream.range(0, free.size())
                .filter(i -> free.get(i).capacity() >= bytes)
                .boxed()
                .min(Comparator.comparingInt(i -> free.get(i).capacity()))
                .map(i -> free.remove((int) i))
                .orElseGet(() -> ProcessGroup.bytes(bytes));
    }

    void give(ByteBuffer buffer) {
        free.add(buffer);
    }
}
