package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code x + drop(attention(norm(x)))}, then {@code x + drop(feed_forward(norm(x)))} (reference:
 * {@code SwitchTransformerLayer}). The list form takes x (S, B, D) and optionally a boolean mask, and returns x.
 */
public final class SwitchTransformerLayer extends LabBlock {

    private final double dropout;
    private final MultiHeadAttention attention;
    private final FeedForwardBlock feedForward;
    private final NormLayer normAttention;
    private final NormLayer normFeedForward;

    /**
     * A layer of {@code model}, sparse or dense.
     *
     * @param layer its index
     * @param selectionBias whether a bias per expert moves the choice of experts
     * @param ranks that experts are sharded over; a single process for all experts
     */
    public SwitchTransformerLayer(ModelConfig model, int layer, boolean selectionBias, ProcessGroup ranks) {
        dropout = model.dropout();
        attention = child(
                "attn",
                new MultiHeadAttention(
                        model.heads(),
                        model.dModel(),
                        model.dropout(),
                        model.attentionBias(),
                        model.positions(),
                        model.qkNorm()));
        feedForward = model.isSparse(layer)
                ? child("feed_forward", new SwitchFeedForward(model, layer, selectionBias, ranks))
                : child("feed_forward", new FeedForward(FeedForwardConfig.dense(model)));
        normAttention = child("norm_self_attn", NormLayer.of(model.norm(), model.dModel()));
        normFeedForward = child("norm_ff", NormLayer.of(model.norm(), model.dModel()));
    }

    /**
     * @param x (S, B, D)
     * @param mask what may attend, or null for everything
     * @return (S, B, D) and how its tokens were routed
     */
    public FeedForwardBlock.Output forward(ForwardContext pass, NDArray x, AttentionMask mask) {
        Graph.Cut begin = pass.begin(this);
        NDArray middle; // (S, B, D)
        try (NDArray z = normAttention.forward(pass, begin, x); // (S, B, D)
                NDArray attended = attention.forward(pass, z, z, z, mask)) { // (S, B, D)
            middle = pass.rounded(begin.carry(x).add(Activations.dropout(pass, attended, dropout)));
        }
        Graph.Cut cut = pass.cut();
        try (NDArray z = normFeedForward.forward(pass, cut, middle)) { // (S, B, D)
            FeedForwardBlock.Output output = feedForward.forward(pass, z);
            try (NDArray change = output.y()) { // (S, B, D)
                NDArray y =
                        pass.rounded(cut.carry(middle).add(Activations.dropout(pass, change, dropout))); // (S, B, D)
                return new FeedForwardBlock.Output(y, output.routing());
            }
        }
    }

    /** The feed-forward network, sparse or dense. */
    FeedForwardBlock feedForward() {
        return feedForward;
    }

    /** What {@code decode.py} calls a layer, with keys and values in {@code cache} (2, 1, H, S, W). */
    List<List<NDArray>> tensors(ForwardContext pass, NDArray cache) {
        List<List<NDArray>> tensors = new ArrayList<>(List.of(
                normAttention.tensors(pass),
                attention.joinedWeights(pass),
                attention.norms(pass),
                List.of(cache),
                normFeedForward.tensors(pass)));
        tensors.addAll(feedForward.tensors(pass));
        return tensors;
    }

    /** Cosines and sines (S, W / 2) of rotary positions; nothing without. */
    List<NDArray> angles(ForwardContext pass, int seqLen) {
        return attention.angles(pass, seqLen);
    }

    @Override
    NDList forwardList(ForwardContext pass, NDList inputs) {
        AttentionMask mask = inputs.size() > 1 ? AttentionMask.of(inputs.get(1)) : null;
        return new NDList(forward(pass, inputs.head(), mask).y());
    }
}
