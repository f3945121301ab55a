package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.world.World;

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
     */
    public SwitchTransformerLayer(ModelConfig model, int layer, boolean selectionBias) {
        this(model, layer, selectionBias, World.ofOne());
    }

    /** The same with experts spread over ranks. */
    SwitchTransformerLayer(ModelConfig model, int layer, boolean selectionBias, World ranks) {
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
    public FeedForwardBlock.Output forward(Pass pass, NDArray x, AttentionMask mask) {
        NDArray z = normAttention.forward(pass, x); // (S, B, D)
        MultiHeadAttention.Output attended = attention.forward(pass, z, z, z, mask);
        NDArray middle = residual(pass, x, attended.y()); // (S, B, D)
        pass.release(z, attended.y(), attended.weights());
        NDArray normed = normFeedForward.forward(pass, middle); // (S, B, D)
        FeedForwardBlock.Output output = feedForward.forward(pass, normed);
        NDArray y = residual(pass, middle, output.y()); // (S, B, D)
        pass.release(normed, middle, output.y());
        return new FeedForwardBlock.Output(y, output.routing());
    }

    private NDArray residual(Pass pass, NDArray x, NDArray change) {
        NDArray dropped = dropout == 0 || !pass.training()
                ? change
                : pass.plain(change, c -> Activations.dropout(pass, c, dropout)); // (S, B, D)
        return pass.sum(x, dropped); // (S, B, D)
    }

    /** The feed-forward network, sparse or dense. */
    FeedForwardBlock feedForward() {
        return feedForward;
    }

    @Override
    NDList forwardList(Pass pass, NDList inputs) {
        AttentionMask mask = inputs.size() > 1 ? AttentionMask.of(inputs.get(1)) : null;
        return new NDList(forward(pass, inputs.head(), mask).y());
    }
}
