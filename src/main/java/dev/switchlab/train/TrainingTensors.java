package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Parameter;
import dev.switchlab.nn.StateDict;
import dev.switchlab.safetensors.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The tensors of a checkpoint: weights, and each kind of what a step keeps beside them, under state_dict names with a prefix. */
final class TrainingTensors {

    private static final String MODEL = "model.";

    private TrainingTensors() {}

    /** Copies out. */
    static Map<String, Tensor> of(LanguageModel model, TrainStep trainStep) {
        StateDict dict = model.stateDict();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        put(tensors, MODEL, dict.weights());
        StateDict trained = dict.trainable();
        trainStep
                .kept()
                .forEach((kind, arrays) -> put(tensors, kind + ".", trained.values(byParameter(trained, arrays))));
        return tensors;
    }

    /** Copies in. */
    static void restore(Map<String, Tensor> tensors, LanguageModel model, TrainStep trainStep) {
        StateDict dict = model.stateDict();
        dict.load(weights(tensors, MODEL));
        StateDict trained = dict.trainable();
        trainStep
                .kept()
                .forEach((kind, arrays) -> trained.load(weights(tensors, kind + "."), byParameter(trained, arrays)));
    }

    private static Function<Parameter, NDArray> byParameter(StateDict dict, List<NDArray> arrays) {
        return parameter -> arrays.get(dict.parameters().indexOf(parameter));
    }

    private static void put(Map<String, Tensor> tensors, String prefix, Map<String, StateDict.Weight> weights) {
        weights.forEach((name, weight) -> tensors.put(prefix + name, Tensor.of(weight.values(), weight.shape())));
    }

    private static Map<String, StateDict.Weight> weights(Map<String, Tensor> tensors, String prefix) {
        Map<String, StateDict.Weight> weights = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                weights.put(name.substring(prefix.length()), new StateDict.Weight(tensor.shape(), tensor.floats()));
            }
        });
        return weights;
    }
}
