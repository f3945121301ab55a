package dev.switchlab.data;

import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import java.nio.IntBuffer;
import java.util.Arrays;

/**
 * Training batches as the reference draws them (SequentialUnBatchedDataset under a RandomSampler): an epoch visits
 * every window of the text once, in random order, each shifted by a random offset below {@code seqLen}; its last batch
 * may be short.
 *
 * <p>Batch n is a function of the root seed and n alone: there is no state to save for a resume.
 */
public final class TrainingBatches {
    private final Windows windows;
    private final int batchSize;
    private final RandomStreams streams;

    // The order of the epoch asked for last: 15,000 draws that the next 490 batches need again.
    private volatile Epoch cached;

    /**
     * Batches over one text.
     *
     * @param text token ids of the training split
     * @param seqLen tokens per sequence
     * @param batchSize sequences per batch
     */
    public TrainingBatches(IntBuffer text, int seqLen, int batchSize, RandomStreams streams) {
        this.windows = Windows.of(text, seqLen, "training");
        this.batchSize = batchSize;
        this.streams = streams;
        this.cached = epoch(0);
    }

    /** Batches per epoch, the short last one included. */
    public int batchesPerEpoch() {
        return (windows.count() + batchSize - 1) / batchSize;
    }

    /**
     * One batch.
     *
     * @param n from 0, over all epochs; with gradient accumulation it counts micro-batches
     */
    public Batch batch(long n) {
        long epoch = n / batchesPerEpoch();
        int from = (int) (n % batchesPerEpoch()) * batchSize;
        int[] order = order(epoch);
        int[] items = Arrays.copyOfRange(order, from, Math.min(from + batchSize, order.length));
        int[] starts = Arrays.stream(items)
                .map(item -> windows.start(item) + offset(epoch, item))
                .toArray();
        return Batch.cut(windows.text(), starts, windows.seqLen());
    }

    private int offset(long epoch, int item) {
        return streams.generator(RandomStream.OFFSETS, epoch, item).nextInt(windows.largestOffset(item) + 1);
    }

    private int[] order(long number) {
        Epoch epoch = cached;
        if (epoch.number() != number) {
            epoch = epoch(number);
            cached = epoch;
        }
        return epoch.order();
    }

    private Epoch epoch(long number) {
        return new Epoch(number, Windows.permutation(windows.count(), streams.generator(RandomStream.BATCHES, number)));
    }

    @SuppressWarnings("ArrayRecordComponent") // A private pair.
    private record Epoch(long number, int[] order) {}
}
