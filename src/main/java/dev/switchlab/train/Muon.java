package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.nn.kernel.MuonUpdate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Muon for matrices, as {@link MuonUpdate} says, and AdamW for the other weights; each with its own learning rate, on
 * one schedule.
 */
public final class Muon implements Optimizer {

    private final MuonConfig config;
    private final int[] matrices;
    private final int[] others;
    private final MuonUpdate.State state;
    private final Adam adam;

    /**
     * @param weights updated in place
     * @param isMatrix which of them, by index, are matrices (A, B), or stacks of them (E, A, B), that Muon updates
     * @param owner owns the moments
     */
    public Muon(MuonConfig config, List<NDArray> weights, IntPredicate isMatrix, NDManager owner) {
        this.config = config;
        matrices = indices(weights.size(), isMatrix);
        others = indices(weights.size(), isMatrix.negate());
        List<NDArray> hidden = select(weights, matrices);
        state = new MuonUpdate.State(
                hidden,
                hidden.stream().map(array -> owner.zeros(array.getShape())).toList());
        adam = new Adam(config.adam(), select(weights, others), owner);
    }

    private static int[] indices(int count, IntPredicate which) {
        return IntStream.range(0, count).filter(which).toArray();
    }

    private static List<NDArray> select(List<NDArray> all, int[] indices) {
        return Arrays.stream(indices).mapToObj(all::get).toList();
    }

    /** "momentum" of the matrices, "first" and "second" of the others. */
    @Override
    public Map<String, List<NDArray>> moments() {
        Map<String, List<NDArray>> moments = new LinkedHashMap<>();
        moments.put("momentum", spread(state.momentum(), matrices));
        adam.moments().forEach((kind, arrays) -> moments.put(kind, spread(arrays, others)));
        return moments;
    }

    private List<NDArray> spread(List<NDArray> own, int[] indices) {
        NDArray[] all = new NDArray[matrices.length + others.length];
        for (int i = 0; i < indices.length; i++) {
            all[indices[i]] = own.get(i);
        }
        return new ArrayList<>(Arrays.asList(all));
    }

    @Override
    public int steps() {
        return adam.steps();
    }

    @Override
    public void resume(int steps) {
        adam.resume(steps);
    }

    @Override
    public void step(
            NDManager manager,
            List<NDArray> gradients,
            GradientClipping clipping,
            double learningRate,
            double baseLearningRate) {
        double rate = config.learningRate() * (learningRate / baseLearningRate);
        MuonUpdate.update(
                state,
                select(gradients, matrices),
                clipping.divisor(),
                new MuonUpdate.Numbers(
                        config.momentum(), rate, 1 - rate * config.adam().weightDecay()));
        adam.step(manager, select(gradients, others), clipping, learningRate, baseLearningRate);
    }
}
