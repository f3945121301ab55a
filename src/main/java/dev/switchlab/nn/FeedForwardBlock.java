package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import java.util.List;
import java.util.Optional;

/** The second half of a transformer layer: dense, or switched over experts. */
public sealed interface FeedForwardBlock permits FeedForward, SwitchFeedForward {

    /** (S, B, D) to (S, B, D). */
    Output forward(ForwardContext pass, NDArray x);

    /**
     * What {@code decode.py} calls a layer's network: of the dense or shared network matrices, b_1, b_2 and b_v; router
     * and selection bias; of the experts the same as of the network. Nothing in a list stands for what there is not.
     */
    List<List<NDArray>> tensors(ForwardContext pass);

    /**
     * @param y the network's output, (S, B, D)
     * @param routing how its tokens were routed; empty for a dense network
     */
    record Output(NDArray y, Optional<Routing> routing) {}
}
