package dev.switchlab.data;

import java.nio.IntBuffer;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

/**
 * Batches of windows that overlap, so that a character is scored with more before it: each window begins {@code stride}
 * tokens after the one before and counts only those that no window before it did (Hugging Face, "Perplexity of
 * fixed-length models").
 *
 * <p>What is scored are the characters of {@link EvaluationBatches#whole}, each once: all but the first {@code seqLen}
 * with at least {@code seqLen - stride} characters before them in their window. With a stride of {@code seqLen} these
 * are those batches.
 */
public final class StridedBatches extends AbstractList<ScoredBatch> implements RandomAccess {

    /** Windows that count as many characters each. */
    @SuppressWarnings("ArrayRecordComponent") // A private pair.
    private record Cut(int[] starts, int scored) {}

    private final Windows windows;
    private final List<Cut> cuts = new ArrayList<>();

    private StridedBatches(Windows windows, int stride, int batchSize) {
        this.windows = windows;
        int seqLen = windows.seqLen();
        int end = windows.count() * seqLen;
        int[] starts = new int[batchSize];
        int open = 0;
        int openScored = 0;
        int covered = 0;
        while (covered < end) {
            int scored = covered == 0 ? seqLen : Math.min(stride, end - covered);
            if (open == batchSize || (open > 0 && scored != openScored)) {
                cuts.add(new Cut(Arrays.copyOf(starts, open), openScored));
                open = 0;
            }
            covered += scored;
            starts[open++] = covered - seqLen;
            openScored = scored;
        }
        cuts.add(new Cut(Arrays.copyOf(starts, open), openScored));
    }

    /**
     * A whole split, in order.
     *
     * @param stride how many characters a window counts
     * @throws DataException if there is no window, or the stride is none
     */
    public static StridedBatches of(IntBuffer text, int seqLen, int stride, int batchSize) {
        if (stride < 1 || stride > seqLen) {
            throw new DataException(
                    "a stride of %d; allowed: whole numbers from 1 to train.seq_len=%d; example: STRIDE=%d"
                            .formatted(stride, seqLen, Math.max(1, seqLen / 4)));
        }
        return new StridedBatches(Windows.of(text, seqLen, "validation"), stride, batchSize);
    }

    @Override
    public int size() {
        return cuts.size();
    }

    @Override
    public ScoredBatch get(int i) {
        Cut cut = cuts.get(i);
        return new ScoredBatch(Batch.cut(windows.text(), cut.starts(), windows.seqLen()), cut.scored());
    }
}
