package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;

/** Clips all gradients by their common norm, as torch.nn.utils.clip_grad_norm_. */
public final class GradientClipping {

    /** torch's guard against a division by zero. */
    private static final double EPSILON = 1e-6;

    private GradientClipping() {}

    /**
     * Scales {@code gradients} in place so that their global norm is at most {@code maxNorm}.
     *
     * @param manager the step's manager
     * @param maxNorm largest norm; 0 only measures
     * @return the global norm before clipping
     */
    public static double apply(NDManager manager, List<NDArray> gradients, double maxNorm) {
        double norm = norm(gradients);
        double scale = maxNorm / (norm + EPSILON);
        if (maxNorm > 0 && scale < 1) {
            NDArray factor = manager.full(new Shape(), (float) scale, DataType.FLOAT32);
            for (NDArray gradient : gradients) {
                gradient.muli(factor);
            }
        }
        return norm;
    }

    private static double norm(List<NDArray> gradients) {
        NDList norms = new NDList(gradients.size());
        for (NDArray gradient : gradients) {
            norms.add(gradient.norm()); // ()
        }
        return NDArrays.stack(norms).norm().getFloat();
    }
}
