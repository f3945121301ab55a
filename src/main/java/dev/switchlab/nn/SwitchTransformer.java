package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * The stack of layers and a final norm (reference: {@code SwitchTransformer}). The list form takes x (S, B, D) and
 * optionally a boolean mask, and returns x.
 */
public final class SwitchTransformer extends LabBlock {

    private final List<SwitchTransformerLayer> layers = new ArrayList<>();
    private final NormLayer norm;

    /**
     * The stack of {@code model}.
     *
     * @param selectionBias whether a bias per expert moves the choice of experts
     * @param ranks that experts are sharded over; a single process for all experts
     */
    public SwitchTransformer(ModelConfig model, boolean selectionBias, ProcessGroup ranks) {
        LayerList list = child("layers", new LayerList());
        for (int i = 0; i < model.nLayers(); i++) {
            layers.add(list.append(new SwitchTransformerLayer(model, i, selectionBias, ranks)));
        }
        norm = child("norm", NormLayer.of(model.norm(), model.dModel()));
    }

    /**
     * @param y (S, B, D)
     * @param routing one entry per sparse layer; empty for dense models
     */
    public record Output(NDArray y, List<Routing> routing) {}

    /**
     * @param x (S, B, D)
     * @param mask what may attend, or null for everything
     */
    public Output forward(ForwardContext pass, NDArray x, AttentionMask mask) {
        List<Routing> routing = new ArrayList<>();
        NDArray y = x;
        for (SwitchTransformerLayer layer : layers) {
            FeedForwardBlock.Output output = layer.forward(pass, y, mask); // (S, B, D)
            y = output.y();
            output.routing().ifPresent(routing::add);
        }
        return new Output(norm.forward(pass, y), List.copyOf(routing));
    }

    List<SwitchTransformerLayer> layers() {
        return layers;
    }

    NormLayer norm() {
        return norm;
    }

    /** The sparse layers' networks, in order. */
    List<SwitchFeedForward> switchLayers() {
        return layers.stream()
                .map(SwitchTransformerLayer::feedForward)
                .filter(SwitchFeedForward.class::isInstance)
                .map(SwitchFeedForward.class::cast)
                .toList();
    }

    @Override
    NDList forwardList(ForwardContext pass, NDList inputs) {
        AttentionMask mask = inputs.size() > 1 ? AttentionMask.of(inputs.get(1)) : null;
        return new NDList(forward(pass, inputs.head(), mask).y());
    }

    /** Names its children 0, 1, 2 ..., as torch.nn.ModuleList. */
    private static final class LayerList extends LabBlock {

        SwitchTransformerLayer append(SwitchTransformerLayer layer) {
            return child(Integer.toString(namedChildren().size()), layer);
        }

        @Override
        NDList forwardList(ForwardContext pass, NDList inputs) {
            throw new IllegalStateException("the list of layers is run by SwitchTransformer");
        }
    }
}
