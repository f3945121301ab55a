package dev.switchlab.data;

import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import java.nio.IntBuffer;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.RandomAccess;
import java.util.stream.IntStream;

/**
 * Batches of consecutive windows that do not overlap, cut when they are asked for. The last one may be short, so means
 * over batches have to be weighted by {@link Batch#size()}.
 */
public final class EvaluationBatches extends AbstractList<Batch> implements RandomAccess {
    private final Windows windows;
    private final int[] items;
    private final int batchSize;

    private EvaluationBatches(Windows windows, int[] items, int batchSize) {
        this.windows = windows;
        this.items = items;
        this.batchSize = batchSize;
    }

    /**
     * A whole split, in order. Up to {@code seqLen} last tokens that fill no window are left out, as in the reference.
     */
    public static EvaluationBatches whole(IntBuffer text, int seqLen, int batchSize) {
        Windows windows = Windows.of(text, seqLen, "validation");
        return new EvaluationBatches(
                windows, IntStream.range(0, windows.count()).toArray(), batchSize);
    }

    /**
     * A fixed sample of a split, the same at every evaluation of a run: windows drawn without replacement, in text
     * order.
     *
     * @param batches at most so many; all there are when the split has fewer
     */
    public static EvaluationBatches sample(
            IntBuffer text, int seqLen, int batchSize, int batches, RandomStreams streams) {
        Windows windows = Windows.of(text, seqLen, "validation");
        int count = (int) Math.min(windows.count(), (long) batches * batchSize);
        int[] order = Windows.permutation(windows.count(), streams.generator(RandomStream.VALIDATION));
        int[] items = Arrays.copyOf(order, count);
        Arrays.sort(items);
        return new EvaluationBatches(windows, items, batchSize);
    }

    @Override
    public int size() {
        return (items.length + batchSize - 1) / batchSize;
    }

    @Override
    public Batch get(int i) {
        int from = Math.multiplyExact(i, batchSize);
        int[] starts = Arrays.stream(items, from, Math.min(from + batchSize, items.length))
                .map(windows::start)
                .toArray();
        return Batch.cut(windows.text(), starts, windows.seqLen());
    }
}
