package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.nn.StateDict;
import dev.switchlab.nn.kernel.Script;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Muon for matrices (Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; weight decay and
 * scale: Moonlight, arXiv 2502.16982, section 2.2), and AdamW for the other weights; each with its own learning rate,
 * on one schedule.
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
public final class Muon implements Optimizer {

    private static final Script SCRIPT = Script.of("muon");

    private final Config config;
    private final int[] matrices;
    private final int[] others;
    private final List<NDArray> hidden;
    private final List<NDArray> momentum;
    private final Adam adam;

    /**
     * Muon, and AdamW for what is no matrix inside a layer.
     *
     * @param learningRate peak learning rate of the matrices
     * @param momentum decay of their momentum
     * @param adam of the other weights; its weight decay is that of the matrices, too
     */
    public record Config(double learningRate, double momentum, Adam.Config adam) {

        /** The optimizer that a training recipe names. */
        static Config of(TrainConfig train) {
            return new Config(train.muonLearningRate(), train.muonMomentum(), Adam.Config.of(train));
        }
    }

    /**
     * @param weights contiguous; updated in place
     * @param isMatrix which of them, by index, are matrices (A, B), or stacks of them (E, A, B), that Muon updates
     * @param owner owns the moments
     */
    public Muon(Config config, List<NDArray> weights, IntPredicate isMatrix, NDManager owner) {
        this.config = config;
        matrices = IntStream.range(0, weights.size()).filter(isMatrix).toArray();
        others = IntStream.range(0, weights.size()).filter(isMatrix.negate()).toArray();
        hidden = select(weights, matrices);
        momentum = hidden.stream().map(array -> owner.zeros(array.getShape())).toList();
        adam = new Adam(config.adam(), select(weights, others), owner);
    }

    /**
     * Which weights Muon updates, by index: matrices inside the layers, which are attention's projections and the
     * feed-forward networks, of each expert by itself.
     *
     * <p>Embeddings, positions, the output layer, biases and norms are AdamW's, as Jordan says. So is the router: its
     * rows stand for experts as those of the output layer stand for characters, and it is small (so does nmoe,
     * https://github.com/Noumena-Network/nmoe, {@code opt.py}; GLM-4.5, arXiv 2508.06471, leaves no matrix but the
     * embedding to AdamW).
     *
     * @param trained in the order of the optimizer's weights
     */
    static IntPredicate hiddenMatrices(StateDict trained) {
        Set<Parameter> hidden = trained.entries().stream()
                .filter(entry -> entry.name().startsWith("transformer.layers."))
                .filter(entry -> !entry.name().contains(".switch.")) // the router
                .filter(entry -> entry.shape().dimension() == 2)
                .map(StateDict.Entry::parameter)
                .collect(Collectors.toSet());
        List<Parameter> parameters = trained.parameters();
        return i -> hidden.contains(parameters.get(i));
    }

    private static List<NDArray> select(List<NDArray> all, int[] indices) {
        return Arrays.stream(indices).mapToObj(all::get).toList();
    }

    /** "momentum" of the matrices, "first" and "second" of the others. */
    @Override
    public Map<String, List<NDArray>> moments() {
        Map<String, List<NDArray>> moments = new LinkedHashMap<>();
        moments.put("momentum", spread(momentum, matrices));
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
    public void step(List<NDArray> gradients, NDArray divisor, double learningRate, double baseLearningRate) {
        double rate = config.learningRate() * (learningRate / baseLearningRate);
        double shrink = 1 - rate * config.adam().weightDecay();
        SCRIPT.run("update", hidden, select(gradients, matrices), momentum, divisor, config.momentum(), rate, shrink);
        adam.step(select(gradients, others), divisor, learningRate, baseLearningRate);
    }
}
