package dev.switchlab.data;

import java.nio.IntBuffer;

/**
 * Sequences side by side, time-major: position s of sequence b is at {@code s * batchSize + b}, so that an array of
 * shape {@code (seqLen, batchSize)} takes them as they are. The target is the token that follows.
 *
 * @param tokens ids, {@code // (S, B)}
 * @param targets ids, {@code // (S, B)}
 * @param seqLen S
 * @param batchSize B
 */
@SuppressWarnings("ArrayRecordComponent") // Handed to native arrays as they are; nobody compares batches by value.
public record Batch(long[] tokens, long[] targets, int seqLen, int batchSize) {

    /** Cuts {@code starts.length} sequences out of a text. */
    static Batch cut(IntBuffer text, int[] starts, int seqLen) {
        int batchSize = starts.length;
        long[] tokens = new long[seqLen * batchSize];
        long[] targets = new long[seqLen * batchSize];
        for (int s = 0; s < seqLen; s++) {
            for (int b = 0; b < batchSize; b++) {
                tokens[s * batchSize + b] = text.get(starts[b] + s);
                targets[s * batchSize + b] = text.get(starts[b] + s + 1);
            }
        }
        return new Batch(tokens, targets, seqLen, batchSize);
    }

    /** Some of its sequences, {@code count} from {@code first} on. */
    public Batch sequences(int first, int count) {
        long[] own = new long[seqLen * count];
        long[] following = new long[seqLen * count];
        for (int s = 0; s < seqLen; s++) {
            System.arraycopy(tokens, s * batchSize + first, own, s * count, count);
            System.arraycopy(targets, s * batchSize + first, following, s * count, count);
        }
        return new Batch(own, following, seqLen, count);
    }

    /** S * B. */
    public int size() {
        return tokens.length;
    }
}
