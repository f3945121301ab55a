package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.nn.HostCopy;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.SwitchFeedForward;
import java.util.ArrayList;
import java.util.List;

/**
 * How many (token, choice) pairs wanted each expert in the micro-batches of a step, before dropping: what moves the
 * selection bias. Stays on the device; without a selection bias nothing is counted.
 */
final class LoadCounts {

    private final NDManager step;
    private final List<SwitchFeedForward> layers;
    private final List<NDArray> counts = new ArrayList<>();

    /**
     * For the sparse layers of a model.
     *
     * @param step owns the counts
     */
    LoadCounts(NDManager step, List<SwitchFeedForward> layers) {
        this.step = step;
        this.layers =
                layers.stream().filter(SwitchFeedForward::hasSelectionBias).toList();
    }

    /** Adds a micro-batch, one entry per sparse layer. */
    void add(List<Routing> routing) {
        for (int i = 0; i < layers.size(); i++) {
            NDArray own = routing.get(i).plan().counts(step); // (E)
            if (counts.size() == i) {
                counts.add(own);
            } else {
                counts.get(i).addi(own);
            }
        }
    }

    /** Adds those of all ranks, where each has counted its own tokens alone. */
    void sum(ProcessGroup world) {
        counts.replaceAll(own -> {
            NDArray floats = own.toType(DataType.FLOAT32, true); // exact below 2^24
            world.sum(HostCopy.memory(floats).asFloatBuffer());
            return floats.toType(DataType.INT64, true);
        });
    }

    void moveSelectionBias(double rate) {
        for (int i = 0; i < counts.size(); i++) {
            layers.get(i).moveSelectionBias(counts.get(i), rate);
        }
    }
}
