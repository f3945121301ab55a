package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import java.util.Optional;

/** The second half of a transformer layer: dense, or switched over experts. */
public sealed interface FeedForwardBlock permits FeedForward, SwitchFeedForward {

    /** (S, B, D) to (S, B, D). */
    Output forward(Pass pass, NDArray x);

    /**
     * @param y the network's output, (S, B, D)
     * @param routing how its tokens were routed; empty for a dense network
     */
    record Output(NDArray y, Optional<Routing> routing) {}
}
