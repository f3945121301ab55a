package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/** Keys and values of one sequence, per layer: what later tokens attend to. Room for all tokens is made at once. */
public final class KeyValueCache {

    private final List<NDArray> layers = new ArrayList<>();
    private final int seqLen;
    private int length;

    /**
     * An empty cache.
     *
     * @param manager owns it
     * @param seqLen tokens that it has room for
     */
    public KeyValueCache(NDManager manager, ModelConfig model, int seqLen) {
        this.seqLen = seqLen;
        for (int layer = 0; layer < model.nLayers(); layer++) {
            layers.add(manager.zeros(new Shape(2, 1, model.heads(), seqLen, model.dModel() / model.heads())));
        }
    }

    /** Keys, then values: (2, 1, H, S, W); keys with rotary positions are turned already. */
    NDArray layer(int layer) {
        return layers.get(layer);
    }

    /** Tokens that it holds. */
    public int length() {
        return length;
    }

    /** Tokens that it has room for. */
    public int seqLen() {
        return seqLen;
    }

    void clear() {
        length = 0;
    }

    void added(int tokens) {
        length += tokens;
    }
}
