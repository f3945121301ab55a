package dev.switchlab.distributed;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The messages of one round, to and from each rank but this one. They move while MPI is asked whether they have, and
 * hardly otherwise; several rounds can be under way.
 */
final class Round {

    /** Tags tell one round from the next; MPI promises at least so many. */
    private static final int TAGS = 32_768;

    private final OpenMpi mpi;
    private final int rank;
    private final int size;
    private final long number;
    private final String what;
    private final Memory requests;
    private final IntByReference flag = new IntByReference();
    /** By request, whose it is; first all receives, then all sends. */
    private final boolean[] pending;

    private long sent;

    Round(OpenMpi mpi, int rank, int size, long number, String what) {
        this.mpi = mpi;
        this.rank = rank;
        this.size = size;
        this.number = number;
        this.what = what;
        requests = new Memory(2L * size * Native.POINTER_SIZE);
        pending = new boolean[2 * size];
    }

    /** Begins to receive {@code bytes} bytes from a rank; from this one itself nothing. */
    void receive(Pointer into, int bytes, int from) {
        if (from != rank && bytes > 0) {
            mpi.receive(into, bytes, from, tag(), request(from));
            pending[from] = true;
        }
    }

    /** Begins to send to a rank; to this one itself nothing. */
    void send(Pointer from, int bytes, int to) {
        if (to != rank && bytes > 0) {
            mpi.send(from, bytes, to, tag(), request(size + to));
            pending[size + to] = true;
            sent += bytes;
        }
    }

    private int tag() {
        return (int) (number % TAGS);
    }

    private Pointer request(int index) {
        return requests.share((long) index * Native.POINTER_SIZE);
    }

    /** Whether all is sent and received; then nothing more can be. */
    boolean isOver() {
        boolean over = true;
        for (int i = 0; i < pending.length; i++) {
            if (pending[i]) {
                pending[i] = !mpi.isDone(request(i), flag);
                over &= !pending[i];
            }
        }
        if (over) {
            requests.close();
        }
        return over;
    }

    /** Bytes to other ranks. */
    long sent() {
        return sent;
    }

    /**
     * Who has not come, for a sentence. Small messages count as sent before they arrive, so a rank that owes one is
     * named first; others only if nobody owes any.
     */
    String missing() {
        int[] owing = IntStream.range(0, size).filter(r -> pending[r]).toArray();
        int[] deaf = IntStream.range(0, size).filter(r -> pending[size + r]).toArray();
        int[] named = owing.length > 0 ? owing : deaf;
        return "%s%s in round %d, %s: hung, or dead"
                .formatted(
                        named.length == 1 ? "rank " : "ranks ",
                        Arrays.stream(named).mapToObj(Integer::toString).collect(Collectors.joining(", ")),
                        number,
                        what);
    }
}
