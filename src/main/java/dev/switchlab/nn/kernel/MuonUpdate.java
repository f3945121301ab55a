package dev.switchlab.nn.kernel;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * One update of Muon on matrices in place (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural
 * networks"; weight decay and scale: Moonlight, arXiv 2502.16982, section 2.2).
 *
 * <p>With the gradient g, the weight W (A, B) and its momentum m, both stacked for the experts of a layer, of which
 * each is a matrix of its own:
 *
 * <ol>
 *   <li>{@code g = g / divisor}, which clips (1 leaves it);
 *   <li>{@code m = mu * m + (1 - mu) * g}, and Nesterov's look ahead, {@code u = mu * m + (1 - mu) * g};
 *   <li>{@code X = u / (|u| + 1e-7)} by the Frobenius norm, transposed where A is larger than B;
 *   <li>five times Newton-Schulz: {@code S = X X^T}, {@code X = a X + (b S + c S^2) X} with a = 3.4445, b = -4.7750, c
 *       = 2.0315, which brings the singular values near one; then transposed back;
 *   <li>{@code W = W * shrink}, decoupled weight decay (1 leaves it);
 *   <li>{@code W = W - rate * 0.2 * sqrt(max(A, B)) * X}: elements of X have a root mean square of about {@code sqrt(1
 *       / max(A, B))}, those of AdamW's updates one of 0.2 to 0.4, so that AdamW's learning rates and weight decays
 *       serve here, too.
 * </ol>
 *
 * <p>In float32, where Jordan's runs in bfloat16. Where one side is three times the other or more, X is not touched in
 * between: with {@code P = a I + b S + c S^2} the next S is {@code P S P}, and X is multiplied by the product of the
 * five P once, which takes 50 instead of 90 {@code A^3} operations at {@code B = 4 A}. Rounding then shows in
 * directions that have next to nothing of the gradient; in float32 it is below a hundredth of the update.
 */
public final class MuonUpdate {

    private static final Script SCRIPT = Script.of("muon");

    private MuonUpdate() {}

    /**
     * What an update changes, each list in the order of the weights.
     *
     * @param weights contiguous, (A, B) or (E, A, B)
     * @param momentum m, of the same shapes
     */
    public record State(List<NDArray> weights, List<NDArray> momentum) {

        /** Copies the lists. */
        public State {
            weights = List.copyOf(weights);
            momentum = List.copyOf(momentum);
        }
    }

    /**
     * The numbers of one update, named as in the formulas above.
     *
     * @param momentum mu
     * @param rate learning rate
     * @param shrink factor of the weights
     */
    public record Numbers(double momentum, double rate, double shrink) {}

    /**
     * In one call.
     *
     * @param gradients one per weight
     * @param divisor () float32 on the device of the weights
     */
    public static void update(State state, List<NDArray> gradients, NDArray divisor, Numbers numbers) {
        SCRIPT.run(
                "update",
                state.weights(),
                gradients,
                state.momentum(),
                divisor,
                numbers.momentum(),
                numbers.rate(),
                numbers.shrink());
    }
}
