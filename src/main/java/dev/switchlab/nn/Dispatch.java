package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import dev.switchlab.experiment.ModelConfig.DispatchForm;

/**
 * How tokens reach their experts and come back. All forms compute the same function; golden tests hold each of them to
 * it.
 */
public interface Dispatch {

    /**
     * Runs the token of every kept pair through the pair's expert.
     *
     * @param x tokens, (N, D)
     * @return by pair, token * K + choice, (N * K, D); rows of dropped pairs are finite but meaningless
     */
    NDArray apply(Pass pass, Experts experts, NDArray x, Plan plan);

    /** The form named in an experiment; where a fused layer is left to autograd, it is batched. */
    static Dispatch of(DispatchForm form) {
        return switch (form) {
            case FUSED, BATCHED -> new BatchedDispatch();
            case LOOP -> new LoopDispatch();
        };
    }
}
