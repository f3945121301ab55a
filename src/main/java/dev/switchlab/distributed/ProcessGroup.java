package dev.switchlab.distributed;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The ranks that compute one run together (torch.distributed: process group). All call the same collectives in the same
 * order, from one thread at a time; each returns when this rank has what it came for, and throws a
 * {@link ProcessGroupException} that names the ranks waited for when that takes too long.
 *
 * <p>Buffers are direct, so that MPI reads and writes them where they are, as it does a tensor's memory; what counts is
 * between position and limit, and neither moves. Sums are taken in the order of ranks, whatever MPI would choose: equal
 * numbers of ranks give equal bits, on all ranks the same.
 *
 * <p>A process that was not started by MPI is a group of one: nothing is loaded, and collectives cost nothing.
 */
public sealed interface ProcessGroup permits SingleProcess, MpiProcessGroup {

    /** A group of one process. */
    static ProcessGroup single() {
        return SingleProcess.INSTANCE;
    }

    /** Whether this process was started as one of several. */
    static boolean isStarted() {
        return Started.by(System.getenv()) != Started.ALONE;
    }

    /**
     * The process group that this process was started into; called once.
     *
     * @throws ProcessGroupException in one line, if the ranks were started by something other than Open MPI, or it is
     *     not to be found
     */
    static ProcessGroup start() {
        return Started.by(System.getenv()) == Started.ALONE
                ? single()
                : MpiProcessGroup.start(TimeLimit.ofEnvironment());
    }

    /** This process' number, from 0. */
    int rank();

    /** How many there are. */
    int size();

    /** Whether this is the one that writes the book, prints and saves. */
    default boolean isFirst() {
        return rank() == 0;
    }

    /**
     * Replaces {@code values} by their sum over all ranks, element by element, added up in the order of ranks. Equally
     * long everywhere.
     */
    default void sum(FloatBuffer values) {
        beginAllReduce(values).end();
    }

    /**
     * Begins a {@link #sum}. Until it has ended, other collectives may be called and other sums begun, and nobody may
     * touch {@code values}, nor free them.
     */
    AllReduce beginAllReduce(FloatBuffer values);

    /** A sum under way. */
    interface AllReduce {
        /** Waits for it; to be called once. */
        void end();
    }

    /**
     * Moves on what has begun, without waiting: messages are sent and received while this or a collective runs, and
     * hardly otherwise.
     */
    void progress();

    /**
     * The parts of all ranks one after the other.
     *
     * @param part of this rank; equally long everywhere
     * @param all as long as all parts together
     */
    void allGather(ByteBuffer part, ByteBuffer all);

    /**
     * A part from each rank to each. What rank r sends to rank q, q receives from r.
     *
     * @param out what goes to rank 0, then what goes to rank 1, and so on
     * @param outBytes how long each of these is
     * @param in what comes from rank 0, then from rank 1, and so on
     * @param inBytes how long each of these is
     */
    void allToAll(ByteBuffer out, int[] outBytes, ByteBuffer in, int[] inBytes);

    /** Makes {@code values} those of rank {@code root}. Equally long everywhere. */
    void broadcast(ByteBuffer values, int root);

    /** Waits for all ranks, at most for {@code limit}. */
    void barrier(Duration limit);

    /**
     * From now on nobody is waited for any longer than {@code limit}, the wait in progress included; from any thread.
     */
    void hurry(Duration limit);

    /** What this rank has had to do with others so far. */
    Traffic traffic();

    /** Ends the work together, in good order. A rank that ends without is taken for dead, and ends all others. */
    void finish();

    /** What all ranks have, by rank. Equally long everywhere. */
    default List<double[]> gather(double[] values) {
        ByteBuffer part = bytes(values.length * Double.BYTES);
        part.asDoubleBuffer().put(values);
        ByteBuffer all = bytes(Math.multiplyExact(size(), part.capacity()));
        allGather(part, all);
        List<double[]> gathered = new ArrayList<>();
        for (int rank = 0; rank < size(); rank++) {
            double[] own = new double[values.length];
            all.asDoubleBuffer().get(rank * values.length, own);
            gathered.add(own);
        }
        return gathered;
    }

    /** Whether any rank says so. */
    default boolean any(boolean own) {
        return size() == 1 ? own : gather(new double[] {own ? 1 : 0}).stream().anyMatch(answer -> answer[0] == 1);
    }

    /** What rank {@code root} has, of whatever length; what the others give does not count. */
    default byte[] broadcast(byte[] own, int root) {
        ByteBuffer length = bytes(Integer.BYTES);
        length.putInt(0, own.length);
        broadcast(length, root);
        ByteBuffer values = bytes(length.getInt(0));
        if (rank() == root) {
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
     * @throws ProcessGroupException on all ranks, if the digest of any rank's facts is another than rank 0's; it names
     *     the first fact that differs
     */
    default void requireSame(Map<String, String> facts) {
        Facts own = new Facts(new TreeMap<>(facts));
        String first = text(broadcast(bytes(own.digest()), 0));
        if (!any(!own.digest().equals(first))) {
            return;
        }
        Facts expected = Facts.ofText(text(broadcast(bytes(own.text()), 0)));
        for (int rank = 1; rank < size(); rank++) {
            Facts theirs = Facts.ofText(text(broadcast(bytes(own.text()), rank)));
            Optional<String> difference = expected.difference(theirs, rank);
            if (difference.isPresent()) {
                throw new ProcessGroupException(difference.get());
            }
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** A direct buffer in the order of this machine. */
    static ByteBuffer bytes(int count) {
        return ByteBuffer.allocateDirect(count).order(ByteOrder.nativeOrder());
    }
}
