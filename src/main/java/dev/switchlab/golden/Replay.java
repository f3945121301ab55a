package dev.switchlab.golden;

import ai.djl.Device;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.safetensors.Tensor;
import java.util.Map;

/** Runs cases. The seam between the checker and the model: the checker's own tests put something wrong in its place. */
@FunctionalInterface
interface Replay {

    /**
     * Every output and gradient by its full name, as in {@code output.y}.
     *
     * @throws GoldenException if the case cannot be run, or its permutations do not fit the routes
     */
    Map<String, Tensor> run(GoldenCase golden, DispatchForm dispatch, Device device);

    /** Runs a case on the model. */
    static Map<String, Tensor> onModel(GoldenCase golden, DispatchForm dispatch, Device device) {
        if (golden instanceof GoldenCase.FeedForwardCase c) {
            return ModuleReplays.feedForward(c, dispatch, device);
        } else if (golden instanceof GoldenCase.AttentionCase c) {
            return ModuleReplays.attention(c, dispatch, device);
        } else if (golden instanceof GoldenCase.SwitchCase c) {
            return ModuleReplays.switched(c, dispatch, device);
        } else if (golden instanceof GoldenCase.LayerCase c) {
            return ModuleReplays.layer(c, dispatch, device);
        } else if (golden instanceof GoldenCase.TransformerCase c) {
            return ModuleReplays.transformer(c, dispatch, device);
        } else if (golden instanceof GoldenCase.ModelCase c) {
            return ModelReplays.model(c, dispatch, device);
        } else if (golden instanceof GoldenCase.OptimizerCase c) {
            return OptimizerReplay.run(c, dispatch, device);
        } else if (golden instanceof GoldenCase.TrajectoryCase c) {
            return ModelReplays.trajectory(c, dispatch, device);
        }
        throw new IllegalStateException("no replay for " + golden);
    }
}
