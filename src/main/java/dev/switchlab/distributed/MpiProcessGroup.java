package dev.switchlab.distributed;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Ranks over MPI.
 *
 * <p>Every collective is one or two rounds in which each rank sends to each other and receives from each other
 * directly. That is the fewest bytes possible, it fixes the order of sums, and who is waited for is known: a rank that
 * is in the round has sent all it has to send, so only those that are not there are missing. With hundreds of ranks,
 * where trees need fewer messages, it would be too slow.
 */
final class MpiProcessGroup implements ProcessGroup {

    /** So long a wait polls all the time; a rank that comes later is waited for with pauses. */
    private static final long EAGER_NANOSECONDS = 100_000;

    private static final long PAUSE_NANOSECONDS = 50_000;

    private final OpenMpi mpi;
    private final int rank;
    private final int size;
    private final TimeLimit limit;
    private final Scratch scratch = new Scratch();
    /** In the order in which all ranks began them. */
    private final Deque<RankSum> sums = new ArrayDeque<>();

    private long rounds;
    private long bytes;
    private long nanoseconds;
    private volatile long hurriedUntil = Long.MAX_VALUE;

    private MpiProcessGroup(OpenMpi mpi, TimeLimit limit) {
        this.mpi = mpi;
        this.limit = limit;
        rank = mpi.rank();
        size = mpi.size();
    }

    static MpiProcessGroup start(TimeLimit limit) {
        if (Started.by(System.getenv()) == Started.OTHER_MPI) {
            throw new ProcessGroupException(
                    "this process was started by another MPI than Open MPI (PMI_RANK is set), MPICH perhaps;"
                            + " start it with Open MPI's mpirun, or with srun --mpi=pmix");
        }
        OpenMpi mpi = OpenMpi.load();
        mpi.init();
        return new MpiProcessGroup(mpi, limit);
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
    public AllReduce beginAllReduce(FloatBuffer values) {
        Lengths.direct(values.isDirect());
        long begun = System.nanoTime();
        RankSum sum = new RankSum(this, scratch, values);
        sums.add(sum);
        nanoseconds += System.nanoTime() - begun;
        return sum;
    }

    @Override
    public void progress() {
        if (!sums.isEmpty()) {
            long begun = System.nanoTime();
            sums.forEach(RankSum::advance);
            nanoseconds += System.nanoTime() - begun;
        }
    }

    /** Waits until {@code sum} is there. */
    void end(RankSum sum) {
        await(sum::round, limit.duration());
        sums.remove(sum);
        bytes += sum.sent();
    }

    /** The next round of all ranks, of which each must ask for it in the same order. */
    Round round(String what) {
        return new Round(mpi, rank, size, rounds++, what);
    }

    /** @param used what MPI reads and writes: while it does, nobody else may hold it, and the JVM would free it */
    private void await(Round round, Duration own, Buffer... used) {
        try {
            await(() -> round.isOver() ? Optional.empty() : Optional.of(round), own);
        } finally {
            Reference.reachabilityFence(used);
        }
        bytes += round.sent();
    }

    /** @param pending the round that is waited for, if it is not over */
    private void await(Supplier<Optional<Round>> pending, Duration own) {
        long begun = System.nanoTime();
        Optional<Round> round = pending.get();
        while (round.isPresent()) {
            long waited = System.nanoTime() - begun;
            if (waited > EAGER_NANOSECONDS) {
                LockSupport.parkNanos(PAUSE_NANOSECONDS);
            } else {
                Thread.onSpinWait();
            }
            boolean hurried = hurriedUntil != Long.MAX_VALUE && System.nanoTime() - hurriedUntil > 0;
            if (hurried || waited > own.toNanos()) {
                throw new ProcessGroupException("rank %d has waited %d s for %s; this rank ends, and all with it"
                        .formatted(
                                rank,
                                Duration.ofNanos(waited).toSeconds(),
                                round.get().missing()));
            }
            sums.forEach(RankSum::advance); // others may wait for our part in them
            round = pending.get();
        }
        nanoseconds += System.nanoTime() - begun;
    }

    @Override
    public void allGather(ByteBuffer part, ByteBuffer all) {
        Lengths.direct(part.isDirect() && all.isDirect());
        int bytes = part.remaining();
        Lengths.equal("all", all.remaining(), (long) bytes * size);
        Pointer own = Native.getDirectBufferPointer(part.slice());
        Pointer into = Native.getDirectBufferPointer(all.slice());
        Round gathering = round("all-gather");
        for (int r = 0; r < size; r++) {
            gathering.receive(into.share((long) r * bytes), bytes, r);
            gathering.send(own, bytes, r);
        }
        all.slice().position(rank * bytes).put(part.duplicate());
        await(gathering, limit.duration(), part, all);
    }

    @Override
    public void allToAll(ByteBuffer out, int[] outBytes, ByteBuffer in, int[] inBytes) {
        Lengths.direct(out.isDirect() && in.isDirect());
        Lengths.equal("out", out.remaining(), Lengths.sum(outBytes, size));
        Lengths.equal("in", in.remaining(), Lengths.sum(inBytes, size));
        Lengths.equal("in, from this rank itself,", inBytes[rank], outBytes[rank]);
        Pointer from = Native.getDirectBufferPointer(out.slice());
        Pointer into = Native.getDirectBufferPointer(in.slice());
        Round round = round("all-to-all");
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
        await(round, limit.duration(), out, in);
    }

    @Override
    public void broadcast(ByteBuffer values, int root) {
        Lengths.direct(values.isDirect());
        Lengths.rank(root, size);
        Pointer at = Native.getDirectBufferPointer(values.slice());
        Round round = round("broadcast");
        if (rank == root) {
            IntStream.range(0, size).forEach(r -> round.send(at, values.remaining(), r));
        } else {
            round.receive(at, values.remaining(), root);
        }
        await(round, limit.duration(), values);
    }

    @Override
    public void barrier(Duration own) {
        ByteBuffer one = ProcessGroup.bytes(1);
        ByteBuffer all = ProcessGroup.bytes(size);
        Round round = round("barrier");
        for (int r = 0; r < size; r++) {
            round.receive(Native.getDirectBufferPointer(all).share(r), 1, r);
            round.send(Native.getDirectBufferPointer(one), 1, r);
        }
        await(round, own, one, all);
    }

    @Override
    public void hurry(Duration own) {
        hurriedUntil = System.nanoTime() + own.toNanos();
    }

    @Override
    public Traffic traffic() {
        return new Traffic(bytes, nanoseconds);
    }

    @Override
    public void finish() {
        barrier(limit.duration());
        mpi.finish();
    }
}
