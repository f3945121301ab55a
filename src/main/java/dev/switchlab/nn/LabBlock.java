package dev.switchlab.nn;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A DJL block whose parameter shapes are known when it is built and whose children keep the reference's {@code state_dict} names
 * (DJL itself prefixes child names with their number).
 */
public abstract class LabBlock extends AbstractBlock {

    private final Map<String, LabBlock> namedChildren = new LinkedHashMap<>();
    private final Map<Float, NDArray> constants = new LinkedHashMap<>();

    /** Registers {@code block} under its state_dict name. */
    final <T extends LabBlock> T child(String name, T block) {
        namedChildren.put(name, block);
        return addChildBlock(name, block);
    }

    /** Registers a parameter under its state_dict name. */
    final Parameter parameter(String name, Shape shape) {
        Parameter.Type type = name.endsWith("bias") ? Parameter.Type.BIAS : Parameter.Type.WEIGHT;
        return addParameter(
                Parameter.builder().setName(name).setType(type).optShape(shape).build());
    }

    /** Children by state_dict name, in the reference's order. */
    final Map<String, LabBlock> namedChildren() {
        return namedChildren;
    }

    /**
     * A float32 scalar that lives as long as the weights. Needed wherever a tensor is scaled under autograd: the backward pass
     * reads it long after the forward pass is over.
     */
    final NDArray constant(Pass pass, float value) {
        return constants.computeIfAbsent(value, v -> pass.modelManager().full(new Shape(), v, DataType.FLOAT32));
    }

    /** Forgets constants, which died with the manager they were made in. */
    @Override
    public void clear() {
        super.clear();
        constants.clear();
    }

    /** DJL's entry: adapts the list form to the typed {@code forward} of the block. */
    @Override
    protected final NDList forwardInternal(
            ParameterStore store, NDList inputs, boolean training, PairList<String, Object> params) {
        NDManager manager = inputs.head().getManager();
        return forwardList(new Pass(manager, store, training, DropPolicy.byPosition(), SplittableRandom::new), inputs);
    }

    /** The list form: what stands in {@code inputs} and in the result is said by each block. */
    abstract NDList forwardList(Pass pass, NDList inputs);

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0]};
    }

    final NDArray value(Pass pass, Parameter parameter) {
        Device device = pass.manager().getDevice();
        return pass.weights().getValue(parameter, device, pass.training());
    }
}
