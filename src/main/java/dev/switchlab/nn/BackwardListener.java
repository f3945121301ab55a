package dev.switchlab.nn;

import ai.djl.nn.Block;

/** Follows a fused pass on its way back, to do something beside it. */
public interface BackwardListener {

    /** Has nothing to do. */
    BackwardListener NONE = block -> {};

    /**
     * All gradients of the weights in {@code block}, a layer, are there: its whole forward pass has been gone through.
     */
    void complete(Block block);

    /** A piece is done; there are some ten of them in a layer. */
    default void advanced() {}
}
