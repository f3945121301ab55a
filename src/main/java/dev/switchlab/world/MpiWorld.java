package dev.switchlab.world;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import java.lang.ref.Reference;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Ranks over MPI.
 *
 * <p>Every collective is one or two rounds in which each rank sends to each other and receives from each other directly. That is the fewest
 * bytes possible, it fixes the order of sums, and who is waited for is known: a rank that is in the round has sent all it has to send, so only
 * those that are not there are missing. With hundreds of ranks, where trees need fewer messages, it would be too slow.
 */
final class MpiWorld implements World {

    /** Tags tell one round from the next; MPI promises at least so many. */
    private static final int TAGS = 32_768;
    /** So long a wait polls all the time; a rank that comes later is waited for with pauses. */
    private static final long EAGER_NANOSECONDS = 100_000;

    private static final long PAUSE_NANOSECONDS = 50_000;

    private final OpenMpi mpi;
    private final int rank;
    private final int size;
    private final TimeLimit limit;
    private final IntByReference flag = new IntByReference();
    private final Memory requests;
    private long round;
    private Traffic traffic = Traffic.NONE;
    private volatile long hurriedUntil = Long.MAX_VALUE;
    private ByteBuffer scratch = World.bytes(0);

    private MpiWorld(OpenMpi mpi, TimeLimit limit) {
        this.mpi = mpi;
        this.limit = limit;
        rank = mpi.rank();
        size = mpi.size();
        requests = new Memory(2L * size * Native.POINTER_SIZE);
    }

    static MpiWorld start(TimeLimit limit) {
        if (Started.by(System.getenv()) == Started.OTHER_MPI) {
            throw new WorldException(
                    "this process was started by another MPI than Open MPI (PMI_RANK is set), MPICH perhaps;"
                            + " start it with Open MPI's mpirun, or with srun --mpi=pmix");
        }
        OpenMpi mpi = OpenMpi.load();
        mpi.init();
        return new MpiWorld(mpi, limit);
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public void sum(FloatBuffer values) {
        Lengths.direct(values.isDirect());
        int count = values.remaining();
        int[] from = new int[size + 1]; // where each rank's part begins
        for (int r = 0; r <= size; r++) {
            from[r] = (int) ((long) count * r / size);
        }
        int own = from[rank + 1] - from[rank];

        // 1. Each rank receives its part from all.
        if (scratch.capacity() < (long) own * size * Float.BYTES) {
            scratch = World.bytes(Math.multiplyExact(Math.multiplyExact(own, size), Float.BYTES));
        }
        Pointer at = Native.getDirectBufferPointer(values.slice());
        Pointer parts = Native.getDirectBufferPointer(scratch);
        Round gathering = new Round("sum");
        for (int r = 0; r < size; r++) {
            gathering.receive(parts.share((long) r * own * Float.BYTES), own * Float.BYTES, r);
            gathering.send(at.share((long) from[r] * Float.BYTES), (from[r + 1] - from[r]) * Float.BYTES, r);
        }
        gathering.await(limit.duration(), values);

        // 2. It adds them up, in the order of ranks.
        FloatBuffer received = scratch.asFloatBuffer();
        float[] sum = new float[own];
        float[] next = new float[own];
        for (int r = 0; r < size; r++) {
            float[] part = r == 0 ? sum : next;
            if (r == rank) {
                values.get(values.position() + from[rank], part);
            } else {
                received.get(r * own, part);
            }
            for (int i = 0; r > 0 && i < own; i++) {
                sum[i] += next[i];
            }
        }
        values.put(values.position() + from[rank], sum);

        // 3. All receive the sums.
        Round spreading = new Round("sum");
        for (int r = 0; r < size; r++) {
            spreading.receive(at.share((long) from[r] * Float.BYTES), (from[r + 1] - from[r]) * Float.BYTES, r);
            spreading.send(at.share((long) from[rank] * Float.BYTES), own * Float.BYTES, r);
        }
        spreading.await(limit.duration(), values);
    }

    @Override
    public void allGather(ByteBuffer part, ByteBuffer all) {
        Lengths.direct(part.isDirect() && all.isDirect());
        int bytes = part.remaining();
        Lengths.equal("all", all.remaining(), (long) bytes * size);
        Pointer own = Native.getDirectBufferPointer(part.slice());
        Pointer into = Native.getDirectBufferPointer(all.slice());
        Round gathering = new Round("all-gather");
        for (int r = 0; r < size; r++) {
            gathering.receive(into.share((long) r * bytes), bytes, r);
            gathering.send(own, bytes, r);
        }
        all.slice().position(rank * bytes).put(part.duplicate());
        gathering.await(limit.duration(), part, all);
    }

    @Override
    public void allToAll(ByteBuffer out, int[] outBytes, ByteBuffer in, int[] inBytes) {
        Lengths.direct(out.isDirect() && in.isDirect());
        Lengths.equal("out", out.remaining(), Lengths.sum(outBytes, size));
        Lengths.equal("in", in.remaining(), Lengths.sum(inBytes, size));
        Lengths.equal("in, from this rank itself,", inBytes[rank], outBytes[rank]);
        Pointer from = Native.getDirectBufferPointer(out.slice());
        Pointer into = Native.getDirectBufferPointer(in.slice());
        Round round = new Round("all-to-all");
        int outAt = 0;
        int inAt = 0;
        for (int r = 0; r < size; r++) {
            round.receive(into.share(inAt), inBytes[r], r);
            round.send(from.share(outAt), outBytes[r], r);
            if (r == rank) {
                in.slice().position(inAt).put(out.slice().position(outAt).limit(outAt + outBytes[r]));
            }
            outAt += outBytes[r];
            inAt += inBytes[r];
        }
        round.await(limit.duration(), out, in);
    }

    @Override
    public void broadcast(ByteBuffer values, int root) {
        Lengths.direct(values.isDirect());
        Lengths.rank(root, size);
        Pointer at = Native.getDirectBufferPointer(values.slice());
        Round round = new Round("broadcast");
        if (rank == root) {
            IntStream.range(0, size).forEach(r -> round.send(at, values.remaining(), r));
        } else {
            round.receive(at, values.remaining(), root);
        }
        round.await(limit.duration(), values);
    }

    @Override
    public void barrier(Duration own) {
        ByteBuffer one = World.bytes(1);
        ByteBuffer all = World.bytes(size);
        Round round = new Round("barrier");
        for (int r = 0; r < size; r++) {
            round.receive(Native.getDirectBufferPointer(all).share(r), 1, r);
            round.send(Native.getDirectBufferPointer(one), 1, r);
        }
        round.await(own, one, all);
    }

    @Override
    public void hurry(Duration own) {
        hurriedUntil = System.nanoTime() + own.toNanos();
    }

    @Override
    public Traffic traffic() {
        return traffic;
    }

    @Override
    public void finish() {
        barrier(limit.duration());
        mpi.finish();
    }

    /** The messages of one round, to and from each rank but this one. */
    private final class Round {

        private final String what;
        private final int tag;
        /** By request, whose it is; first all receives, then all sends. */
        private final boolean[] pending = new boolean[2 * size];

        private final long begun = System.nanoTime();
        private long sent;

        Round(String what) {
            this.what = what;
            tag = (int) (round++ % TAGS);
        }

        void receive(Pointer into, int bytes, int from) {
            if (from != rank && bytes > 0) {
                mpi.receive(into, bytes, from, tag, request(from));
                pending[from] = true;
            }
        }

        void send(Pointer from, int bytes, int to) {
            if (to != rank && bytes > 0) {
                mpi.send(from, bytes, to, tag, request(size + to));
                pending[size + to] = true;
                sent += bytes;
            }
        }

        private Pointer request(int index) {
            return requests.share((long) index * Native.POINTER_SIZE);
        }

        /** @param used what MPI reads and writes: while it does, nobody else may hold it, and the JVM would free it */
        void await(Duration own, Buffer... used) {
            try {
                await(own);
            } finally {
                Reference.reachabilityFence(used);
            }
            traffic = new Traffic(traffic.bytes() + sent, traffic.nanoseconds() + System.nanoTime() - begun);
        }

        private void await(Duration own) {
            while (!isOver()) {
                long waited = System.nanoTime() - begun;
                if (waited > EAGER_NANOSECONDS) {
                    LockSupport.parkNanos(PAUSE_NANOSECONDS);
                } else {
                    Thread.onSpinWait();
                }
                boolean hurried = hurriedUntil != Long.MAX_VALUE && System.nanoTime() - hurriedUntil > 0;
                if (hurried || waited > own.toNanos()) {
                    throw new WorldException(
                            "rank %d has waited %d s for %s in round %d, %s: hung, or dead; this rank ends, and all with it"
                                    .formatted(rank, Duration.ofNanos(waited).toSeconds(), missing(), round, what));
                }
            }
        }

        private boolean isOver() {
            boolean over = true;
            for (int i = 0; i < pending.length; i++) {
                if (pending[i]) {
                    pending[i] = !mpi.isDone(request(i), flag);
                    over &= !pending[i];
                }
            }
            return over;
        }

        /** Small messages count as sent before they arrive, so a rank that owes one is named first; others only if nobody owes any. */
        private String missing() {
            int[] owing = IntStream.range(0, size).filter(r -> pending[r]).toArray();
            int[] deaf = IntStream.range(0, size).filter(r -> pending[size + r]).toArray();
            int[] named = owing.length > 0 ? owing : deaf;
            return (named.length == 1 ? "rank " : "ranks ")
                    + Arrays.stream(named).mapToObj(Integer::toString).collect(Collectors.joining(", "));
        }
    }
}
