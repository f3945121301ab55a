package dev.switchlab.distributed;

import com.google.common.base.Joiner;
import com.google.common.base.Splitter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The ranks that compute one run together (torch.distributed: process group). All call the same collectives in the same
 * order, from one thread at a time; each returns when this rank has what it came for, and throws a
 * {@link ProcessGroupException} that names the ranks waited for when that takes too long.
 *
 * <p>Buffers are direct, so that MPI reads and writes them where they are, as it does a tensor's memory; what counts is
 * between position and limit, and neither moves. Their lengths are checked here: MPI itself would write past the end.
 * Sums are taken in the order of ranks, whatever MPI would choose: equal numbers of ranks give equal bits, on all ranks
 * the same.
 *
 * <p>A process that was not started by MPI is a group of one: nothing is loaded, and collectives cost nothing.
 */
public abstract sealed class ProcessGroup permits ProcessGroup.SingleProcess, MpiProcessGroup {

    private final int rank;
    private final int size;

    ProcessGroup(int rank, int size) {
        this.rank = rank;
        this.size = size;
    }

    /** A group of one process. */
    public static ProcessGroup single() {
        return SingleProcess.INSTANCE;
    }

    /** Whether this process was started as one of several. */
    public static boolean isStarted() {
        return MpiProcessGroup.Launcher.of(System.getenv()) != MpiProcessGroup.Launcher.NONE;
    }

    /**
     * The process group that this process was started into; called once.
     *
     * @throws ProcessGroupException in one line, if the ranks were started by something other than Open MPI, or it is
     *     not to be found
     */
    public static ProcessGroup start() {
        return isStarted() ? MpiProcessGroup.start(System.getenv()) : single();
    }

    /** This process' number, from 0. */
    public final int rank() {
        return rank;
    }

    /** How many there are. */
    public final int size() {
        return size;
    }

    /** Whether this is the one that writes the book, prints and saves. */
    public final boolean isFirst() {
        return rank == 0;
    }

    /** A sum under way. */
    public interface AllReduce {
        /** Waits for it; to be called once. */
        void end();
    }

    /**
     * What a rank has had to do with others.
     *
     * @param bytes that it has sent to them
     * @param nanoseconds that it has spent sending, receiving and waiting for them
     */
    public record Traffic(long bytes, long nanoseconds) {

        /** What has come since. */
        public Traffic since(Traffic before) {
            return new Traffic(bytes - before.bytes, nanoseconds - before.nanoseconds);
        }
    }

    /**
     * Replaces {@code values} by their sum over all ranks, element by element, added up in the order of ranks. Equally
     * long everywhere.
     */
    public final void sum(FloatBuffer values) {
        beginAllReduce(values).end();
    }

    /**
     * Begins a {@link #sum}. Until it has ended, other collectives may be called and other sums begun, and nobody may
     * touch {@code values}, nor free them.
     */
    public final AllReduce beginAllReduce(FloatBuffer values) {
        requireDirect(values.isDirect());
        return beginSum(values);
    }

    /**
     * The parts of all ranks one after the other.
     *
     * @param part of this rank; equally long everywhere
     * @param all as long as all parts together
     */
    public final void allGather(ByteBuffer part, ByteBuffer all) {
        requireDirect(part.isDirect() && all.isDirect());
        requireLength("all", all.remaining(), (long) part.remaining() * size);
        gatherParts(part, all);
    }

    /**
     * A part from each rank to each. What rank r sends to rank q, q receives from r.
     *
     * @param out what goes to rank 0, then what goes to rank 1, and so on
     * @param outBytes how long each of these is
     * @param in what comes from rank 0, then from rank 1, and so on
     * @param inBytes how long each of these is
     */
    public final void allToAll(ByteBuffer out, int[] outBytes, ByteBuffer in, int[] inBytes) {
        requireDirect(out.isDirect() && in.isDirect());
        requireLength("out", out.remaining(), sum(outBytes));
        requireLength("in", in.remaining(), sum(inBytes));
        requireLength("in, from this rank itself,", inBytes[rank], outBytes[rank]);
        exchangeParts(out, outBytes, in, inBytes);
    }

    /** Makes {@code values} those of rank {@code root}. Equally long everywhere. */
    public final void broadcast(ByteBuffer values, int root) {
        requireDirect(values.isDirect());
        if (root < 0 || root >= size) {
            throw new IllegalArgumentException("rank %d, allowed: 0 to %d".formatted(root, size - 1));
        }
        sendFrom(root, values);
    }

    private static void requireDirect(boolean isDirect) {
        if (!isDirect) {
            throw new IllegalArgumentException("collectives take direct buffers: MPI reads them where they are");
        }
    }

    private static void requireLength(String what, long actual, long expected) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    "the buffer '%s' has %d bytes, needed are %d".formatted(what, actual, expected));
        }
    }

    /** Of one length per rank. */
    private long sum(int[] lengths) {
        requireLength("lengths", (long) lengths.length * Integer.BYTES, (long) size * Integer.BYTES);
        long sum = 0;
        for (int length : lengths) {
            if (length < 0) {
                throw new IllegalArgumentException("a part of %d bytes".formatted(length));
            }
            sum += length;
        }
        return sum;
    }

    abstract AllReduce beginSum(FloatBuffer values);

    abstract void gatherParts(ByteBuffer part, ByteBuffer all);

    abstract void exchangeParts(ByteBuffer out, int[] outBytes, ByteBuffer in, int[] inBytes);

    abstract void sendFrom(int root, ByteBuffer values);

    /**
     * Moves on what has begun, without waiting: messages are sent and received while this or a collective runs, and
     * hardly otherwise.
     */
    public abstract void progress();

    /** Waits for all ranks, at most for {@code limit}. */
    public abstract void barrier(Duration limit);

    /**
     * From now on nobody is waited for any longer than {@code limit}, the wait in progress included; from any thread.
     */
    public abstract void hurry(Duration limit);

    /** What this rank has had to do with others so far. */
    public abstract Traffic traffic();

    /** Ends the work together, in good order. A rank that ends without is taken for dead, and ends all others. */
    public abstract void finish();

    /** What all ranks have, by rank. Equally long everywhere. */
    public final List<double[]> gather(double[] values) {
        ByteBuffer part = bytes(values.length * Double.BYTES);
        part.asDoubleBuffer().put(values);
        ByteBuffer all = bytes(Math.multiplyExact(size, part.capacity()));
        allGather(part, all);
        List<double[]> gathered = new ArrayList<>();
        for (int r = 0; r < size; r++) {
            double[] own = new double[values.length];
            all.asDoubleBuffer().get(r * values.length, own);
            gathered.add(own);
        }
        return gathered;
    }

    /** Whether any rank says so. */
    public final boolean any(boolean own) {
        return size == 1 ? own : gather(new double[] {own ? 1 : 0}).stream().anyMatch(answer -> answer[0] == 1);
    }

    /** What rank {@code root} has, of whatever length; what the others give does not count. */
    public final byte[] broadcast(byte[] own, int root) {
        ByteBuffer length = bytes(Integer.BYTES);
        length.putInt(0, own.length);
        broadcast(length, root);
        ByteBuffer values = bytes(length.getInt(0));
        if (rank == root) {
            values.put(0, own);
        }
        broadcast(values, root);
        byte[] told = new byte[values.capacity()];
        values.get(0, told);
        return told;
    }

    /**
     * Makes sure that all ranks are of one kind: versions, processors, settings.
     *
     * @param facts name to value
     * @throws ProcessGroupException on all ranks, if any rank's facts are others than rank 0's; it names the first fact
     *     that differs
     */
    public final void requireSame(Map<String, String> facts) {
        Map<String, String> first = broadcast(facts, 0);
        if (!any(!facts.equals(first))) {
            return;
        }
        for (int r = 1; r < size; r++) {
            Optional<String> difference = difference(first, broadcast(facts, r), r);
            if (difference.isPresent()) {
                throw new ProcessGroupException(difference.get());
            }
        }
    }

    /** What rank {@code root} has. */
    private Map<String, String> broadcast(Map<String, String> own, int root) {
        return decoded(broadcast(encoded(own), root));
    }

    /** Names and values hold neither \\0 nor \\1. */
    static byte[] encoded(Map<String, String> facts) {
        return Joiner.on('\0')
                .withKeyValueSeparator('\1')
                .join(new TreeMap<>(facts))
                .getBytes(StandardCharsets.UTF_8);
    }

    static Map<String, String> decoded(byte[] facts) {
        return Splitter.on('\0')
                .omitEmptyStrings()
                .withKeyValueSeparator('\1')
                .split(new String(facts, StandardCharsets.UTF_8));
    }

    /** The first fact that rank 0 and {@code rank} do not share, as a line. */
    static Optional<String> difference(Map<String, String> first, Map<String, String> theirs, int rank) {
        return Stream.concat(first.keySet().stream(), theirs.keySet().stream())
                .filter(name -> !first.getOrDefault(name, "").equals(theirs.getOrDefault(name, "")))
                .min(Comparator.naturalOrder())
                .map(name ->
                        "rank %d is another program than rank 0: its %s is '%s', rank 0 has '%s'; all ranks must be of one build, on one kind of machine"
                                .formatted(rank, name, theirs.getOrDefault(name, ""), first.getOrDefault(name, "")));
    }

    /** A direct buffer in the order of this machine. */
    public static ByteBuffer bytes(int count) {
        return ByteBuffer.allocateDirect(count).order(ByteOrder.nativeOrder());
    }

    /** A process on its own: nobody is waited for, and all stays where it is. */
    static final class SingleProcess extends ProcessGroup {

        private static final SingleProcess INSTANCE = new SingleProcess();

        private SingleProcess() {
            super(0, 1);
        }

        @Override
        AllReduce beginSum(FloatBuffer values) {
            return () -> {};
        }

        @Override
        void gatherParts(ByteBuffer part, ByteBuffer all) {
            all.duplicate().put(part.duplicate());
        }

        @Override
        void exchangeParts(ByteBuffer out, int[] outBytes, ByteBuffer in, int[] inBytes) {
            in.duplicate().put(out.duplicate());
        }

        @Override
        void sendFrom(int root, ByteBuffer values) {}

        @Override
        public void progress() {}

        @Override
        public void barrier(Duration limit) {}

        @Override
        public void hurry(Duration limit) {}

        @Override
        public Traffic traffic() {
            return new Traffic(0, 0);
        }

        @Override
        public void finish() {}
    }
}
