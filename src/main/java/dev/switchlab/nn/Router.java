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
import dev.switchlab.nn.kernel.LinearKernel;
import dev.switchlab.nn.kernel.ProductKernels;
import dev.switchlab.nn.kernel.Script;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** What a layer's router thinks of each token: logits, the experts chosen, their gates. Its weights are the layer's. */
final class Router {

    /** Keeps the sum of gates from zero (DeepSeek-V3's and torchtitan's value). */
    private static final float TINY = 1e-20f;

    /** 0 for the experts that a token goes to, minus infinity for the others. */
    private static final Script OTHERS = Script.of("others", """
            def others(self, ranking: Tensor, takers: Tensor) -> Tensor:
              return torch.scatter(torch.full_like(ranking, -inf), 1, takers, 0.)
            """);

    private final ModelConfig model;
    private final int layer;
    private final LinearLayer linear;

    Router(ModelConfig model, int layer, LinearLayer linear) {
        this.model = model;
        this.layer = layer;
        this.linear = linear;
    }

    /** Tokens (N, D) to logits (N, E); in training of the noisy input, where the router explores by noise. */
    NDArray logits(Pass pass, NDArray x) {
        return linear.forward(pass, noise(pass, x.getShape()).map(x::mul).orElse(x)); // (N, E)
    }

    /** The same by hand: {@link Pass#record} has its gradient. Always in float32 (paper section 2.4). */
    NDArray fusedLogits(Pass pass, NDArray x) {
        NDArray weight = LabBlock.value(pass, linear.weight());
        List<NDArray> bias = linear.bias() == null ? List.of() : List.of(LabBlock.value(pass, linear.bias()));
        Optional<NDArray> noise = noise(pass, x.getShape());
        NDArray noisy = noise.map(x::mul).orElse(x); // (N, D)
        NDArray logits = LinearKernel.forward(pass.manager(), noisy, weight, bias, ProductKernels.MATRIX); // (N, E)
        pass.record(logits, dy -> {
            NDArray[] gradients = LinearKernel.backward(pass.manager(), dy, noisy, weight, ProductKernels.MATRIX);
            pass.add(x, noise.map(gradients[0]::mul).orElse(gradients[0]));
            pass.add(linear.weight(), gradients[1]);
            if (linear.bias() != null) {
                pass.add(linear.bias(), gradients[2]);
            }
        });
        return logits;
    }

    /** Appendix C, in training: what each feature is multiplied by, U(1 - j, 1 + j), or dropped. */
    private Optional<NDArray> noise(Pass pass, Shape shape) {
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
        BatchPart part = pass.part();
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
    NDArray ranking(NDArray logits) {
        if (model.routerScope() == RouterScope.CHOSEN) {
            return logits; // (N, E)
        }
        return model.routerScore() == RouterScore.SIGMOID
                ? ai.djl.nn.Activation.sigmoid(logits) // (N, E)
                : logits.softmax(-1); // (N, E)
    }

    /**
     * The routing plan.
     *
     * @param own {@link #ranking} on the host
     * @param bias selection bias by expert; empty for none
     */
    Plan plan(Pass pass, float[] own, float[] bias) {
        int nExperts = model.nExperts();
        BatchPart part = pass.part();
        if (!part.isAll() && model.capacityScope() == CapacityScope.GLOBAL) {
            // Each rank makes the whole plan, and keeps its part.
            float[] whole = part.gather(own, nExperts);
            RoutingPlan plan = planOf(pass, whole, wishes(pass, whole, bias, () -> gumbel(pass, whole.length)));
            return new PartPlan(plan, plan.of(part.tokens(own.length / nExperts)));
        }
        return planOf(pass, own, wishes(pass, own, bias, () -> gumbel(pass, part, own.length)));
    }

    private RoutingPlan planOf(Pass pass, float[] ranking, float[] wishes) {
        Choices choices = new Choices(ranking, wishes, model.nExperts(), model.topK());
        return RoutingPlan.of(choices, overflow(pass, choices.tokens()));
    }

    /** The same plan, made where the pass computes. */
    DevicePlan planOnDevice(Pass pass, NDArray ranking, Optional<NDArray> bias) {
        NDArray scores = ranking.stopGradient(); // (N, E)
        NDArray wishes = scores; // (N, E)
        if (bias.isPresent()) {
            wishes = scores.add(bias.get()); // (N, E)
        } else if (samples(pass)) {
            float[] noise = gumbel(pass, Math.toIntExact(scores.size()));
            NDArray logScores = model.routerScope() == RouterScope.CHOSEN ? scores : scores.log(); // (N, E)
            wishes = logScores.add(pass.manager().create(noise, scores.getShape())); // (N, E)
        }
        int tokens = Math.toIntExact(scores.getShape().get(0));
        return new DevicePlan(pass.manager(), scores, wishes, model.topK(), overflow(pass, tokens));
    }

    private RoutingPlan.Overflow overflow(Pass pass, int tokens) {
        return new RoutingPlan.Overflow(
                model.capacity(tokens, pass.training()),
                model.dropTokens(),
                model.droppedTokens() == DroppedTokens.NEXT_CHOICE,
                model.dropOrder() == DropOrder.RANDOM ? pass.dropPolicy() : DropPolicy.byPosition(),
                layer);
    }

    private float[] wishes(Pass pass, float[] ranking, float[] bias, Supplier<float[]> noise) {
        if (bias.length > 0) {
            float[] biased = ranking.clone();
            for (int i = 0; i < biased.length; i++) {
                biased[i] += bias[i % bias.length];
            }
            return biased;
        }
        if (samples(pass)) {
            boolean logs = model.routerScope() == RouterScope.CHOSEN;
            float[] perturbed = noise.get();
            for (int i = 0; i < perturbed.length; i++) {
                perturbed[i] += logs ? ranking[i] : (float) StrictMath.log(ranking[i]);
            }
            return perturbed;
        }
        return ranking;
    }

    private boolean samples(Pass pass) {
        return pass.training() && model.exploration() == Exploration.SAMPLE;
    }

    /** Drawn for the whole batch, of which a rank keeps its own. */
    private float[] gumbel(Pass pass, BatchPart part, int size) {
        float[] all = gumbel(pass, size * part.world().size());
        return part.isAll() ? all : part.own(all, model.nExperts());
    }

    /**
     * Gumbel-top-k: the largest of log-score plus Gumbel noise are a sample without replacement, in proportion to the
     * scores.
     */
    private float[] gumbel(Pass pass, int size) {
        RandomGenerator random = pass.exploration().apply(layer);
        float[] noise = new float[size];
        for (int i = 0; i < size; i++) {
            noise[i] = (float) -StrictMath.log(-StrictMath.log(1 - random.nextDouble()));
        }
        return noise;
    }

    /** The scores of all experts, (N, E); with scope chosen zero for those that a token does not go to. */
    NDArray scores(Pass pass, NDArray ranking, Plan plan) {
        if (model.routerScope() == RouterScope.ALL) {
            return ranking; // (N, E)
        }
        NDArray others = OTHERS.tensor(pass.manager(), "others", ranking, plan.takers(pass.manager())); // (N, E)
        return ranking.add(others).softmax(-1); // (N, E)
    }

    /** The scores of the experts that each token goes to, (N, K). */
    NDArray chosen(Pass pass, NDArray scores, Plan plan) {
        return scores.gather(plan.takers(pass.manager()), 1); // (N, K)
    }

    /** What the outputs of the chosen experts are multiplied by, (N, K). The router learns through it. */
    NDArray gates(Pass pass, NDArray chosen) {
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
