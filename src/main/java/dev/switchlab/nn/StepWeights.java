package dev.switchlab.nn;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import java.util.IdentityHashMap;

/**
 * The weights of a model for one step: aliases that share the parameters' storage but belong to the step's manager.
 *
 * <p>With gradients on, each alias is a fresh autograd leaf, so gradients need no zeroing and die with the step.
 * Without, an alias still keeps results out of the model's manager, where they would pile up.
 */
public final class StepWeights extends ParameterStore {

    private final NDManager modelManager;
    private final IdentityHashMap<Parameter, NDArray> aliases = new IdentityHashMap<>();
    private final IdentityHashMap<Parameter, NDArray> byHand = new IdentityHashMap<>();
    private final NDManager step;

    /**
     * Makes aliases of all weights of {@code model}.
     *
     * @param step the step's manager, which owns the aliases and their gradients
     * @param model an initialized model
     * @param gradients whether the aliases collect gradients
     */
    public StepWeights(NDManager step, Block model, boolean gradients) {
        this.step = step;
        NDManager owner = step;
        for (Pair<String, Parameter> entry : model.getParameters()) {
            Parameter parameter = entry.getValue();
            NDArray array = parameter.getArray();
            owner = array.getManager();
            NDArray alias = array.stopGradient();
            alias.attach(step);
            if (gradients && parameter.requiresGradient()) {
                alias.setRequiresGradient(true);
            }
            aliases.put(parameter, alias);
        }
        this.modelManager = owner;
    }

    @Override
    public NDArray getValue(Parameter parameter, Device device, boolean training) {
        NDArray alias = aliases.get(parameter);
        if (alias == null) {
            throw new IllegalArgumentException(
                    "parameter " + parameter.getName() + " is not part of this step's model");
        }
        return alias;
    }

    /** Adds to a gradient that autograd does not know of. */
    void add(Parameter parameter, NDArray gradient) {
        NDArray before = byHand.get(parameter);
        NDArray sum = before == null ? gradient : before.add(gradient);
        sum.attach(step);
        byHand.put(parameter, sum);
    }

    /** The gradient of {@code parameter}, which is no buffer, after the backward pass; owned by the step. */
    public NDArray gradient(Parameter parameter) {
        if (byHand.containsKey(parameter)) {
            return byHand.get(parameter);
        }
        NDArray gradient = getValue(parameter, null, true).getGradient();
        gradient.attach(aliases.get(parameter).getManager());
        return gradient;
    }

    /** Frees the gradient of {@code parameter}, if it is not autograd's: it is no longer needed. */
    public void forget(Parameter parameter) {
        NDArray gradient = byHand.remove(parameter);
        if (gradient != null) {
            gradient.close();
        }
    }

    NDManager modelManager() {
        return modelManager;
    }
}
