package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.Capacity;
import dev.switchlab.experiment.ModelConfig.DroppedTokens;
import java.util.Arrays;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Routes each token to one of E experts (paper section 2.1; reference: {@code SwitchFeedForward}).
 *
 * <p>The list form returns what the reference returns: output (S, B, D), tokens per expert before dropping (E), router probability
 * summed over tokens (E), number dropped (), router probability of the chosen expert (N).
 */
public final class SwitchFeedForward extends LabBlock implements FeedForwardBlock {

    private final SwitchConfig config;
    private final int layer;
    private final Dispatch dispatch;
    private final LinearLayer router;
    private final Experts experts;

    /**
     * A layer as {@code config} says.
     *
     * @param layer its index in the transformer, for the drop policy
     */
    public SwitchFeedForward(SwitchConfig config, int layer) {
        this.config = config;
        this.layer = layer;
        dispatch = Dispatch.of(config.dispatch());
        experts = child("experts", new Experts(config.nExperts(), config.expert()));
        router = child("switch", new LinearLayer(config.dModel(), config.nExperts(), config.routerBias()));
    }

    @Override
    public Output forward(Pass pass, NDArray input) {
        Shape shape = input.getShape();
        NDArray x = input.reshape(-1, config.dModel()); // (N, D)
        NDArray probabilities = router.forward(pass, jitter(pass, x)).softmax(-1); // (N, E)
        float[] host = probabilities.toFloatArray();
        RoutingPlan plan = plan(pass, host);

        NDArray chosen = probabilities.gather(routes(pass.manager(), plan), 1); // (N, 1)
        NDArray y = dispatch.apply(pass, experts, x, plan); // (N, D)
        y = finish(pass.manager(), x, y, gate(chosen), plan).reshape(shape); // (S, B, D)

        NDArray probabilitySum = probabilities.sum(new int[] {0}); // (E)
        return new Output(y, Optional.of(new Routing(plan, host, probabilitySum, chosen.squeeze(1))));
    }

    /** Paper section 2.4: in training the router sees each feature times a factor from U(1 - j, 1 + j). */
    private NDArray jitter(Pass pass, NDArray x) {
        if (!pass.training() || config.routerJitter() == 0) {
            return x;
        }
        RandomGenerator random = pass.jitter().apply(layer);
        double j = config.routerJitter();
        float[] factors = new float[Math.toIntExact(x.size())];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) (1 - j + 2 * j * random.nextDouble());
        }
        return x.mul(pass.manager().create(factors, x.getShape())); // (N, D)
    }

    private RoutingPlan plan(Pass pass, float[] probabilities) {
        int nExperts = config.nExperts();
        Capacity rule = pass.training() ? config.capacity() : config.evalCapacity();
        int capacity = rule.of(probabilities.length / nExperts, nExperts);
        return RoutingPlan.of(probabilities, nExperts, capacity, config.dropTokens(), pass.dropPolicy(), layer);
    }

    private static NDArray routes(NDManager manager, RoutingPlan plan) {
        long[] routes = new long[plan.tokens()];
        Arrays.setAll(routes, plan::route);
        return manager.create(routes, new Shape(routes.length, 1)); // (N, 1)
    }

    /** The router's gradient flows through the gate in both forms; without scaling its value is one. */
    private NDArray gate(NDArray chosen) {
        return config.isScaleProb() ? chosen : chosen.div(chosen.stopGradient()); // (N, 1)
    }

    /** Applies the gate and gives dropped tokens their output. */
    private NDArray finish(NDManager manager, NDArray x, NDArray y, NDArray gate, RoutingPlan plan) {
        if (plan.droppedCount() == 0) {
            return y.mul(gate); // (N, D)
        }
        if (config.droppedTokens() == DroppedTokens.ZERO) {
            float[] kept = new float[plan.tokens()];
            Arrays.fill(kept, 1);
            for (int token : plan.dropped()) {
                kept[token] = 0;
            }
            return y.mul(gate.mul(manager.create(kept, new Shape(kept.length, 1)))); // (N, D)
        }
        boolean[] kept = new boolean[plan.tokens()];
        Arrays.fill(kept, true);
        for (int token : plan.dropped()) {
            kept[token] = false;
        }
        NDArray keep = manager.create(kept, new Shape(kept.length, 1)).broadcast(x.getShape()); // (N, D)
        return NDArrays.where(keep, y, x).mul(gate); // (N, D)
    }

    @Override
    NDList forwardList(Pass pass, NDList inputs) {
        Output output = forward(pass, inputs.head());
        Routing routing = output.routing().orElseThrow();
        RoutingPlan plan = routing.plan();
        float[] counts = new float[plan.experts()];
        for (int expert = 0; expert < counts.length; expert++) {
            counts[expert] = plan.count(expert);
        }
        return new NDList(
                output.y(),
                pass.manager().create(counts),
                routing.probabilitySum(),
                pass.manager().create((long) plan.droppedCount()),
                routing.chosenProbability());
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        Shape in = inputShapes[0];
        Shape perExpert = new Shape(config.nExperts());
        return new Shape[] {in, perExpert, perExpert, new Shape(), new Shape(in.get(0) * in.get(1))};
    }
}
