package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;

/** One layer of the stack: the seam at which a faster form of the same function can be put in. */
public interface TransformerLayer {

    /**
     * @param x (S, B, D)
     * @param mask what may attend, or null for everything
     * @return (S, B, D) and how its tokens were routed
     */
    FeedForwardBlock.Output forward(Pass pass, NDArray x, AttentionMask mask);
}
