package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.nn.kernel.Script;
import java.util.List;

/**
 * Clipping of all gradients by their common norm, as torch.nn.utils.clip_grad_norm_. Nothing is scaled here and nothing
 * is read by the host: the update that follows divides each gradient as it reads it.
 *
 * @param norm () the global norm before clipping
 * @param divisor () what each gradient is divided by, at least 1
 */
public record GradientClipping(NDArray norm, NDArray divisor) {

    private static final Script SCRIPT = Script.of("clipping");

    /** torch's guard against a division by zero. */
    private static final double EPSILON = 1e-6;

    /**
     * Measures {@code gradients} and says what they are to be divided by so that their global norm is at most
     * {@code maxNorm}.
     *
     * @param manager the step's manager
     * @param maxNorm largest norm; 0 only measures
     */
    public static GradientClipping of(NDManager manager, List<NDArray> gradients, double maxNorm) {
        return of(manager, norm(manager, gradients), maxNorm);
    }

    /** Clipping by a norm, (), that is known. */
    static GradientClipping of(NDManager manager, NDArray norm, double maxNorm) {
        NDArray divisor =
                maxNorm > 0 ? SCRIPT.tensor(manager, "excess", norm, maxNorm, EPSILON) : norm.onesLike(); // ()
        return new GradientClipping(norm, divisor);
    }

    /**
     * The root of the sum of all squares, () float32, as torch.nn.utils.get_total_norm: the norm of the tensors' norms.
     */
    static NDArray norm(NDManager manager, List<NDArray> tensors) {
        return SCRIPT.tensor(manager, "norm", tensors);
    }
}
