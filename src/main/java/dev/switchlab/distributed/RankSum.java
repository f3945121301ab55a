package dev.switchlab.distributed;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Optional;

/**
 * A sum on its way.
 *
 * <ol>
 *   <li>Of R equal parts each rank receives one, from all.
 *   <li>It adds them up, in the order of ranks.
 *   <li>All receive the sums.
 * </ol>
 */
final class RankSum implements ProcessGroup.AllReduce {

    /** So many numbers are added up at a time: they fit into a core's own cache. */
    private static final int CHUNK = 8192;

    private final MpiProcessGroup world;
    private final FloatBuffer values;
    /** Where each rank's part begins, and the last one ends. */
    private final int[] from;

    private final Round gathering;
    private final Round spreading;
    private ByteBuffer parts;

    /** Begins: sends what is to be sent. */
    RankSum(MpiProcessGroup world, FloatBuffer values) {
        this.world = world;
        this.values = values.slice();
        int size = world.size();
        from = new int[size + 1];
        for (int r = 0; r <= size; r++) {
            from[r] = (int) ((long) values.remaining() * r / size);
        }
        gathering = world.round("sum");
        spreading = world.round("sum");
        parts = world.take(Math.multiplyExact(Math.multiplyExact(own(), size - 1), Float.BYTES));
        Pointer into = Native.getDirectBufferPointer(parts);
        for (int r = 0; r < size; r++) {
            gathering.receive(into.share((long) slot(r) * own() * Float.BYTES), own() * Float.BYTES, r);
            gathering.send(at(r), (from[r + 1] - from[r]) * Float.BYTES, r);
        }
    }

    /** How many numbers this rank adds up. */
    private int own() {
        return from[world.rank() + 1] - from[world.rank()];
    }

    /** The other ranks' parts stand in their order. */
    private int slot(int rank) {
        return rank < world.rank() ? rank : rank - 1;
    }

    private Pointer at(int rank) {
        return Native.getDirectBufferPointer(values).share((long) from[rank] * Float.BYTES);
    }

    /** Does what can be done without waiting: the round that the sum is in then, or none if all are over. */
    Optional<Round> advance() {
        if (parts != null) {
            if (!gathering.isOver()) {
                return Optional.of(gathering);
            }
            addUp();
            world.give(parts);
            parts = null;
            spread();
        }
        return spreading.isOver() ? Optional.empty() : Optional.of(spreading);
    }

    private void addUp() {
        FloatBuffer received = parts.asFloatBuffer();
        float[] sum = new float[Math.min(CHUNK, own())];
        float[] next = new float[sum.length];
        for (int at = 0; at < own(); at += CHUNK) {
            int count = Math.min(CHUNK, own() - at);
            for (int r = 0; r < world.size(); r++) {
                float[] part = r == 0 ? sum : next;
                if (r == world.rank()) {
                    values.get(from[r] + at, part, 0, count);
                } else {
                    received.get(slot(r) * own() + at, part, 0, count);
                }
                for (int i = 0; r > 0 && i < count; i++) {
                    sum[i] += next[i];
                }
            }
            values.put(from[world.rank()] + at, sum, 0, count);
        }
    }

    private void spread() {
        for (int r = 0; r < world.size(); r++) {
            spreading.receive(at(r), (from[r + 1] - from[r]) * Float.BYTES, r);
            spreading.send(at(world.rank()), own() * Float.BYTES, r);
        }
    }

    /** Bytes to other ranks. */
    long sent() {
        return gathering.sent() + spreading.sent();
    }

    @Override
    public void end() {
        try {
            world.end(this);
        } finally {
            Reference.reachabilityFence(values);
        }
    }
}
