package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Parameter;
import dev.switchlab.nn.StateDict;
import dev.switchlab.safetensors.Tensor;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The tensors of a checkpoint: weights, and each kind of what a step keeps beside them, under state_dict names with a
 * prefix.
 */
final class TrainingTensors {

    private static final String MODEL = "model.";

    private TrainingTensors() {}

    /** Copies out. Where experts are spread over ranks, all call it together, and rank 0 gets the whole. */
    static Map<String, Tensor> of(LanguageModel model, TrainStep trainStep) {
        Map<String, Tensor> own = own(model, trainStep);
        return model.isSpread() ? RankTensors.gather(model.ranks(), own) : own;
    }

    private static Map<String, Tensor> own(LanguageModel model, TrainStep trainStep) {
        StateDict dict = model.stateDict();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        put(tensors, MODEL, dict.weights());
        trainStep.kept().forEach((kind, arrays) -> {
            Function<Parameter, NDArray> own = byParameter(dict, arrays);
            put(tensors, kind + ".", having(dict, own).values(own));
        });
        return tensors;
    }

    /** Copies in; of the experts those that this rank has. */
    static void restore(Map<String, Tensor> all, LanguageModel model, TrainStep trainStep) {
        Map<String, Tensor> tensors = model.isSpread() ? here(all, own(model, trainStep)) : all;
        StateDict dict = model.stateDict();
        dict.load(weights(tensors, MODEL));
        trainStep.kept().forEach((kind, arrays) -> {
            Function<Parameter, NDArray> own = byParameter(dict, arrays);
            having(dict, own).load(weights(tensors, kind + "."), own);
        });
    }

    private static Map<String, Tensor> here(Map<String, Tensor> all, Map<String, Tensor> own) {
        Map<String, Tensor> here = new LinkedHashMap<>(all);
        here.keySet().removeIf(name -> RankTensors.isOfExpert(name) && !own.containsKey(name));
        return here;
    }

    /** @param arrays in the order of the trained weights; null for those that have none */
    private static Function<Parameter, NDArray> byParameter(StateDict dict, List<NDArray> arrays) {
        IdentityHashMap<Parameter, NDArray> own = new IdentityHashMap<>();
        List<Parameter> trained = dict.trainable().parameters();
        for (int i = 0; i < arrays.size(); i++) {
            own.put(trained.get(i), arrays.get(i));
        }
        return own::get;
    }

    private static StateDict having(StateDict dict, Function<Parameter, NDArray> arrays) {
        return dict.only(parameter -> arrays.apply(parameter) != null);
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
