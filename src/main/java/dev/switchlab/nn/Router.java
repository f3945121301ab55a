package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.CapacityScope;
import dev.switchlab.experiment.Exploration;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.DropOrder;
import dev.switchlab.experiment.ModelConfig.DroppedTokens;
import dev.switchlab.experiment.RouterScope;
import dev.switchlab.experiment.RouterScore;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * What a layer's router thinks of each token: logits, the experts chosen, their gates. Its weights are the layer's; one
 * without weights is certain of {@link FixedRoutes}.
 */
final class Router {

    /** Keeps the sum of gates from zero (DeepSeek-V3's and torchtitan's value). */
    private static final float TINY = 1e-20f;

    private final ModelConfig model;
    private final int layer;
    private final LinearLayer linear;

    /** @param linear null for a router without weights */
    Router(ModelConfig model, int layer, LinearLayer linear) {
        this.model = model;
        this.layer = layer;
        this.linear = linear;
    }

    /**
     * Tokens (N, D) to logits (N, E); in training of the noisy input, where the router explores by noise.
     *
     * @param sequences B: token t belongs to sequence t mod B
     */
    NDArray logits(ForwardContext pass, NDArray x, int sequences) {
        if (linear == null) {
            return FixedRoutes.logits(pass, model, layer, Math.toIntExact(x.size(0)), sequences); // (N, E)
        }
        return linear.forward(pass, noise(pass, x.getShape()).map(x::mul).orElse(x)); // (N, E)
    }

    /** Weight and, if there is one, bias. */
    List<NDArray> tensors(ForwardContext pass) {
        return linear == null ? List.of() : linear.tensors(pass);
    }

    /** Appendix C, in training: what each feature is multiplied by, U(1 - j, 1 + j), or dropped. */
    private Optional<NDArray> noise(ForwardContext pass, Shape shape) {
        double strength = switch (model.exploration()) {
            case ARGMAX, SAMPLE -> 0;
            case JITTER -> model.routerJitter();
            case INPUT_DROPOUT -> model.routerInputDropout();
        };
        if (strength == 0 || !pass.training()) {
            return Optional.empty();
        }
        boolean jitters = model.exploration() == Exploration.JITTER;
        RandomGenerator random = pass.exploration().apply(layer);
        BatchShard part = pass.shard();
        float[] factors = new float[Math.toIntExact(shape.size() * part.world().size())]; // of the whole batch
        for (int i = 0; i < factors.length; i++) {
            double draw = random.nextDouble();
            factors[i] = jitters
                    ? (float) (1 - strength + 2 * strength * draw)
                    : draw < strength ? 0 : (float) (1 / (1 - strength));
        }
        float[] own = part.isAll() ? factors : part.own(factors, Math.toIntExact(shape.get(1)));
        return Optional.of(pass.manager().create(own, shape)); // (N, D)
    }

    /**
     * What experts are ranked by, (N, E): their scores; with scope chosen, where scores come after the choice, the
     * logits.
     */
    NDArray routerScores(NDArray logits) {
        if (model.routerScope() == RouterScope.CHOSEN) {
            return logits; // (N, E)
        }
        return model.routerScore() == RouterScore.SIGMOID
                ? ai.djl.nn.Activation.sigmoid(logits) // (N, E)
                // Over the first axis, which libtorch vectorizes over tokens: over a last axis of 8 it takes 20 ns a
                // score.
                : logits.transpose().softmax(0).transpose(); // (N, E)
    }

    /**
     * The routing plan.
     *
     * @param own {@link #routerScores} on the host
     * @param bias selection bias by expert; empty for none
     */
    RoutingPlan plan(ForwardContext pass, float[] own, float[] bias) {
        int nExperts = model.nExperts();
        BatchShard part = pass.shard();
        if (!part.isAll() && model.capacityScope() == CapacityScope.GLOBAL) {
            // Each rank makes the whole plan, and keeps its part.
            float[] whole = part.gather(own, nExperts);
            RoutingPlan plan =
                    planOf(pass, whole, selectionScores(pass, whole, bias, () -> gumbel(pass, whole.length)));
            return plan.of(part.tokens(own.length / nExperts));
        }
        return planOf(pass, own, selectionScores(pass, own, bias, () -> gumbel(pass, part, own.length)));
    }

    private RoutingPlan planOf(ForwardContext pass, float[] routerScores, float[] selectionScores) {
        TopK choices = new TopK(routerScores, selectionScores, model.nExperts(), model.topK());
        return RoutingPlan.of(choices, overflow(pass, choices.tokens()));
    }

    private RoutingPlan.Overflow overflow(ForwardContext pass, int tokens) {
        return new RoutingPlan.Overflow(
                model.capacity(tokens, pass.training()),
                model.dropTokens(),
                model.droppedTokens() == DroppedTokens.NEXT_CHOICE,
                model.dropOrder() == DropOrder.RANDOM ? pass.dropPolicy() : DropPolicy.byPosition(),
                layer);
    }

    private float[] selectionScores(ForwardContext pass, float[] routerScores, float[] bias, Supplier<float[]> noise) {
        if (bias.length > 0) {
            float[] biased = routerScores.clone();
            for (int i = 0; i < biased.length; i++) {
                biased[i] += bias[i % bias.length];
            }
            return biased;
        }
        if (samples(pass)) {
            boolean logs = model.routerScope() == RouterScope.CHOSEN;
            float[] perturbed = noise.get();
            for (int i = 0; i < perturbed.length; i++) {
                perturbed[i] += logs ? routerScores[i] : (float) StrictMath.log(routerScores[i]);
            }
            return perturbed;
        }
        return routerScores;
    }

    private boolean samples(ForwardContext pass) {
        return pass.training() && model.exploration() == Exploration.SAMPLE && linear != null;
    }

    /** Drawn for the whole batch, of which a rank keeps its own. */
    private float[] gumbel(ForwardContext pass, BatchShard part, int size) {
        float[] all = gumbel(pass, size * part.world().size());
        return part.isAll() ? all : part.own(all, model.nExperts());
    }

    /**
     * Gumbel-top-k: the largest of log-score plus Gumbel noise are a sample without replacement, in proportion to the
     * scores.
     */
    private float[] gumbel(ForwardContext pass, int size) {
        RandomGenerator random = pass.exploration().apply(layer);
        float[] noise = new float[size];
        for (int i = 0; i < size; i++) {
            noise[i] = (float) -StrictMath.log(-StrictMath.log(1 - random.nextDouble()));
        }
        return noise;
    }

    /** The scores of all experts, (N, E); with scope chosen zero for those that a token does not go to. */
    NDArray scores(ForwardContext pass, NDArray routerScores, RoutingPlan plan) {
        return model.routerScope() == RouterScope.ALL
                ? routerScores // (N, E)
                : routerScores.add(plan.othersMask(pass.manager())).softmax(-1); // (N, E)
    }

    /** The scores of the experts that each token goes to, (N, K). */
    NDArray chosen(ForwardContext pass, NDArray scores, RoutingPlan plan) {
        return scores.gather(plan.assignedExperts(pass.manager()), 1); // (N, K)
    }

    /** What the outputs of the chosen experts are multiplied by, (N, K). The router learns through it. */
    NDArray gates(ForwardContext pass, NDArray chosen) {
        if (!model.isScaleProb()) {
            return chosen.div(chosen.stopGradient()); // (N, K)
        }
        NDArray gates = chosen; // (N, K)
        if (model.normalizeGates()) {
            gates = gates.div(gates.sum(new int[] {1}, true).add(TINY)); // (N, K)
        }
        if (model.gateScale() != 1) {
            gates = gates.mul(pass.manager().full(new Shape(), (float) model.gateScale(), DataType.FLOAT32)); // (N, K)
        }
        return gates;
    }
}
