package dev.switchlab.golden;

import static dev.switchlab.golden.Workbench.array;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.train.GradientClipping;
import dev.switchlab.train.Optimizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Steps of an optimizer on two parameters, p and q, with given gradients. */
record OptimizerCase(CaseFile file, Optimization optimization) implements GoldenCase {

    private static final List<String> NAMES = List.of("p", "q");

    static OptimizerCase of(CaseFile file) {
        file.onlyInputs("grad_p", "grad_q");
        if (!file.params().keySet().equals(Set.copyOf(NAMES))) {
            throw new GoldenException("a case of kind optimizer has the weights p and q, not "
                    + file.params().keySet());
        }
        return new OptimizerCase(file, Optimization.of(file.config()));
    }

    @Override
    public boolean dispatches() {
        return false;
    }

    @Override
    public Map<String, Tensor> replay(Form form, Place place) {
        int steps = optimization.steps();
        Map<String, List<float[]>> moved = new TreeMap<>();
        float[] gradNorm = new float[steps];
        float[] learningRate = new float[steps];
        try (NDManager manager = NDManager.newBaseManager(place.device())) {
            List<NDArray> weights = new ArrayList<>();
            List<NDArray> gradients = new ArrayList<>();
            for (String name : NAMES) {
                weights.add(array(manager, file.params().get(name)));
                gradients.add(array(manager, gradients(name)));
                moved.put(name, new ArrayList<>());
            }
            Optimizer optimizer = optimization.optimizer(weights, manager);
            for (int step = 0; step < steps; step++) {
                try (NDManager scope = manager.newSubManager()) {
                    List<NDArray> own = at(scope, gradients, step);
                    GradientClipping clipping = GradientClipping.of(scope, own, optimization.gradClip());
                    gradNorm[step] = clipping.norm().getFloat();
                    double rate = optimization.learningRateAt(step + 1);
                    learningRate[step] = (float) rate;
                    optimizer.step(scope, own, clipping, rate, optimization.learningRate());
                }
                for (int i = 0; i < NAMES.size(); i++) {
                    moved.get(NAMES.get(i)).add(weights.get(i).toFloatArray());
                }
            }
        }
        Map<String, Tensor> results = new TreeMap<>();
        moved.forEach((name, rows) -> results.put(
                "output." + name, RoutingOutputs.floats(rows, gradients(name).shape())));
        results.put("output.grad_norm", Tensor.of(gradNorm, steps));
        results.put("output.lr", Tensor.of(learningRate, steps));
        return results;
    }

    private Tensor gradients(String name) {
        int steps = optimization.steps();
        Tensor gradients = file.input("grad_" + name, Dtype.F32);
        long[] shape = gradients.shape();
        if (shape.length < 1
                || shape[0] != steps
                || gradients.elements()
                        != (long) steps * file.params().get(name).elements()) {
            throw new GoldenException("input.grad_" + name + " is " + gradients + ", not " + steps + " steps of param."
                    + name + ", " + file.params().get(name));
        }
        return gradients;
    }

    private static List<NDArray> at(NDManager scope, List<NDArray> gradients, int step) {
        List<NDArray> own = new ArrayList<>();
        for (NDArray all : gradients) {
            // A copy: clipping works in place, and a row shares memory with all rows.
            NDArray gradient = all.get(step).duplicate();
            gradient.attach(scope);
            own.add(gradient);
        }
        return own;
    }
}
