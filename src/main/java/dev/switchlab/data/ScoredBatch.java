package dev.switchlab.data;

/**
 * Sequences of which the last tokens are scored; those before are read for context only.
 *
 * @param batch whole sequences
 * @param scored how many targets at the end of each sequence count, from 1 to {@link Batch#seqLen}
 */
public record ScoredBatch(Batch batch, int scored) {

    /** All targets count. */
    public static ScoredBatch whole(Batch batch) {
        return new ScoredBatch(batch, batch.seqLen());
    }

    /** Targets that count, over all sequences. */
    public int size() {
        return scored * batch.batchSize();
    }
}
