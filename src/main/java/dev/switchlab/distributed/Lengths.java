package dev.switchlab.distributed;

/** What callers of collectives can get wrong: MPI itself would write past the end. */
final class Lengths {

    private Lengths() {}

    static void direct(boolean isDirect) {
        if (!isDirect) {
            throw new IllegalArgumentException("collectives take direct buffers: MPI reads them where they are");
        }
    }

    static void equal(String what, long actual, long expected) {
        if (actual != expected) {
            throw new IllegalArgumentException(
                    "the buffer '%s' has %d bytes, needed are %d".formatted(what, actual, expected));
        }
    }

    static void rank(int rank, int size) {
        if (rank < 0 || rank >= size) {
            throw new IllegalArgumentException("rank %d, allowed: 0 to %d".formatted(rank, size - 1));
        }
    }

    /** Of one length per rank. */
    static long sum(int[] lengths, int size) {
        equal("lengths", (long) lengths.length * Integer.BYTES, (long) size * Integer.BYTES);
        long sum = 0;
        for (int length : lengths) {
            if (length < 0) {
                throw new IllegalArgumentException("a part of %d bytes".formatted(length));
            }
            sum += length;
        }
        return sum;
    }
}
