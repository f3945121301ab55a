package dev.switchlab.data;

import java.nio.IntBuffer;
import java.util.SplittableRandom;

/**
 * A text cut into stretches of {@code seqLen}, each followed by at least one more token (reference:
 * SequentialUnBatchedDataset).
 */
record Windows(IntBuffer text, int seqLen) {

    /**
     * Throws {@link DataException} unless there is one window at least.
     *
     * @param split what the message calls the text
     */
    static Windows of(IntBuffer text, int seqLen, String split) {
        if (text.limit() <= seqLen) {
            throw new DataException(
                    "the %s split of the corpus has %d tokens; train.seq_len=%d needs at least %d; use a longer corpus or a smaller train.seq_len"
                            .formatted(split, text.limit(), seqLen, seqLen + 1));
        }
        return new Windows(text, seqLen);
    }

    /** {@code (length - 1) / seqLen}: the last window, too, has a target for each of its tokens. */
    int count() {
        return (text.limit() - 1) / seqLen;
    }

    /** Where window i begins. */
    int start(int i) {
        return i * seqLen;
    }

    /**
     * The largest offset that window i can be shifted by: below {@code seqLen}, and no further than the text reaches.
     */
    int largestOffset(int i) {
        return Math.min(seqLen - 1, text.limit() - (start(i) + seqLen + 1));
    }

    /** A permutation of {@code 0..n-1} (Fisher-Yates). */
    static int[] permutation(int n, SplittableRandom random) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}
