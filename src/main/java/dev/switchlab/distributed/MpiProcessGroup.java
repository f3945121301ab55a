package dev.switchlab.distributed;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.lang.ref.Reference;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
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
final class MpiProcessGroup extends ProcessGroup {

    /** The environment variable that says how many seconds a rank is waited for. */
    static final String LIMIT = "SWITCHLAB_RANK_LIMIT";

    /** More than a rank ever works alone, as rank 0 does when it writes a sample or saves. */
    private static final long LIMIT_SECONDS = 300;

    /** So long a wait polls all the time; a rank that comes later is waited for with pauses. */
    private static final long EAGER_NANOSECONDS = 100_000;

    private static final long PAUSE_NANOSECONDS = 50_000;

    private final OpenMpi mpi;
    private final Duration limit;
    /** In the order in which all ranks began them. */
    private final Deque<RankSum> sums = new ArrayDeque<>();
    /** Buffers of sums, used again: the JVM would free them late, and steps want the same ones in the same order. */
    private final List<ByteBuffer> free = new ArrayList<>();

    private long rounds;
    private long bytes;
    private long nanoseconds;
    private volatile long hurriedUntil = Long.MAX_VALUE;

    private MpiProcessGroup(OpenMpi mpi, Duration limit) {
        super(mpi.rank(), mpi.size());
        this.mpi = mpi;
        this.limit = limit;
    }

    /** Who started this process, as its environment says. */
    enum Launcher {
        /** Nobody who starts several; or one who started only this one. */
        NONE,
        /** Open MPI's mpirun, or Slurm through PMIx, which Open MPI takes part in. */
        OPEN_MPI,
        /** Another MPI, such as MPICH. */
        OTHER_MPI;

        static Launcher of(Map<String, String> environment) {
            String started = environment.getOrDefault(
                    "OMPI_COMM_WORLD_SIZE", environment.getOrDefault("SLURM_STEP_NUM_TASKS", ""));
            if (environment.containsKey("OMPI_COMM_WORLD_SIZE") || environment.containsKey("PMIX_RANK")) {
                return started.equals("1") ? NONE : OPEN_MPI;
            }
            return environment.containsKey("PMI_RANK") ? OTHER_MPI : NONE;
        }
    }

    static MpiProcessGroup start(Map<String, String> environment) {
        Duration limit = limit(environment);
        if (Launcher.of(environment) == Launcher.OTHER_MPI) {
            throw new ProcessGroupException(
                    "this process was started by another MPI than Open MPI (PMI_RANK is set), MPICH perhaps;"
                            + " start it with Open MPI's mpirun, or with srun --mpi=pmix");
        }
        OpenMpi mpi = OpenMpi.load();
        mpi.init();
        return new MpiProcessGroup(mpi, limit);
    }

    static Duration limit(Map<String, String> environment) {
        String text = environment.getOrDefault(LIMIT, "").strip();
        if (text.isEmpty()) {
            return Duration.ofSeconds(LIMIT_SECONDS);
        }
        if (!text.matches("[1-9]\\d{0,5}")) {
            throw new ProcessGroupException("%s is '%s', allowed: whole seconds from 1 to 999999, for example %d"
                    .formatted(LIMIT, text, LIMIT_SECONDS));
        }
        return Duration.ofSeconds(Long.parseLong(text));
    }

    @Override
    AllReduce beginSum(FloatBuffer values) {
        long begun = System.nanoTime();
        RankSum sum = new RankSum(this, values);
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
        await(sum::advance, limit);
        sums.remove(sum);
        bytes += sum.sent();
    }

    /** A direct buffer of at least {@code length} bytes, until it is {@linkplain #give given} back. */
    ByteBuffer take(int length) {
        // By place in the list: buffers are equal if their contents are.
        return IntStream.range(0, free.size())
                .filter(i -> free.get(i).capacity() >= length)
                .boxed()
                .min(Comparator.comparingInt(i -> free.get(i).capacity()))
                .map(i -> free.remove((int) i))
                .orElseGet(() -> ProcessGroup.bytes(length));
    }

    void give(ByteBuffer buffer) {
        free.add(buffer);
    }

    /** The next round of all ranks, of which each must ask for it in the same order. */
    Round round(String what) {
        return new Round(mpi, rank(), size(), rounds++, what);
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
                                rank(),
                                Duration.ofNanos(waited).toSeconds(),
                                round.get().missing()));
            }
            sums.forEach(RankSum::advance); // others may wait for our part in them
            round = pending.get();
        }
        nanoseconds += System.nanoTime() - begun;
    }

    @Override
    void gatherParts(ByteBuffer part, ByteBuffer all) {
        gather("all-gather", part, all, limit);
    }

    private void gather(String what, ByteBuffer part, ByteBuffer all, Duration own) {
        int length = part.remaining();
        Pointer from = Native.getDirectBufferPointer(part.slice());
        Pointer into = Native.getDirectBufferPointer(all.slice());
        Round round = round(what);
        for (int r = 0; r < size(); r++) {
            round.receive(into.share((long) r * length), length, r);
            round.send(from, length, r);
        }
        all.slice().position(rank() * length).put(part.duplicate());
        await(round, own, part, all);
    }

    @Override
    void exchangeParts(ByteBuffer out, int[] outBytes, ByteBuffer in, int[] inBytes) {
        Pointer from = Native.getDirectBufferPointer(out.slice());
        Pointer into = Native.getDirectBufferPointer(in.slice());
        Round round = round("all-to-all");
        int outAt = 0;
        int inAt = 0;
        for (int r = 0; r < size(); r++) {
            round.receive(into.share(inAt), inBytes[r], r);
            round.send(from.share(outAt), outBytes[r], r);
            if (r == rank()) {
                in.slice().position(inAt).put(out.slice().position(outAt).limit(outAt + outBytes[r]));
            }
            outAt += outBytes[r];
            inAt += inBytes[r];
        }
        await(round, limit, out, in);
    }

    @Override
    void sendFrom(int root, ByteBuffer values) {
        Pointer at = Native.getDirectBufferPointer(values.slice());
        Round round = round("broadcast");
        if (rank() == root) {
            IntStream.range(0, size()).forEach(r -> round.send(at, values.remaining(), r));
        } else {
            round.receive(at, values.remaining(), root);
        }
        await(round, limit, values);
    }

    @Override
    public void barrier(Duration own) {
        gather("barrier", ProcessGroup.bytes(1), ProcessGroup.bytes(size()), own);
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
        barrier(limit);
        mpi.finish();
    }
}
