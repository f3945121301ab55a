package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.DropOrder;
import dev.switchlab.experiment.ModelConfig.DroppedTokens;
import java.util.Arrays;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * A switch layer: each token goes to one of E experts (arXiv 2101.03961, section 2; reference: {@code SwitchFeedForward}).
 *
 * <ol>
 *   <li>Router: {@code p = softmax(x W_r)}, in training with noise on x (sections 2.1 and 2.4).
 *   <li>Routing plan: the most probable expert of each token; an expert takes capacity_factor * N / E tokens, the rest is dropped
 *       (section 2.2).
 *   <li>Dispatch: every kept token through its expert (section 2.1, equation 2).
 *   <li>Combine: the expert's output times the router's probability of it, the gate; without scaling the gate's value is one, but it still
 *       carries the router's gradient. A dropped token gets zero, so that the residual connection alone carries it (section 2.2), or
 *       passes through as an expert output would (reference).
 * </ol>
 *
 * <p>As a block of any DJL model it takes (..., D) and returns (..., D); the tokens of all leading axes are routed together, in that order.
 * What the router did, for its loss and for statistics, is {@link #lastRouting}; {@link SwitchLoss} adds the load-balancing loss to a
 * task's loss.
 */
public final class SwitchFeedForward extends LabBlock implements FeedForwardBlock {

    private final ModelConfig model;
    private final int layer;
    private final Dispatch dispatch;
    private final LinearLayer router;
    private final Experts experts;
    private Optional<Routing> lastRouting = Optional.empty();

    /**
     * A layer with the experts, capacity and router of {@code model}.
     *
     * @param layer its index in the transformer: layers of one index draw the same random numbers
     */
    public SwitchFeedForward(ModelConfig model, int layer) {
        this.model = model;
        this.layer = layer;
        dispatch = Dispatch.of(model.dispatch());
        experts = child("experts", new Experts(model.nExperts(), FeedForwardConfig.of(model)));
        router = child("switch", new LinearLayer(model.dModel(), model.nExperts(), model.routerBias()));
    }

    @Override
    public Output forward(Pass pass, NDArray input) {
        NDArray x = input.reshape(-1, model.dModel()); // (N, D)
        NDArray probabilities = router.forward(pass, jitter(pass, x)).softmax(-1); // (N, E)

        float[] host = probabilities.toFloatArray();
        RoutingPlan plan = plan(pass, host);

        NDArray y = dispatch.apply(pass, experts, x, plan); // (N, D)

        NDArray chosen = probabilities.gather(routes(pass.manager(), plan), 1); // (N, 1)
        NDArray combined = combine(pass.manager(), x, y, gate(chosen), plan); // (N, D)

        Routing routing =
                new Routing(plan, host, probabilities.sum(new int[] {0}), chosen.squeeze(1)); // sum: (E), chosen: (N)
        lastRouting = Optional.of(routing);
        return new Output(combined.reshape(input.getShape()), lastRouting);
    }

    /** In training the router sees each feature times a factor from U(1 - j, 1 + j). */
    private NDArray jitter(Pass pass, NDArray x) {
        if (!pass.training() || model.routerJitter() == 0) {
            return x;
        }
        RandomGenerator random = pass.jitter().apply(layer);
        double j = model.routerJitter();
        float[] factors = new float[Math.toIntExact(x.size())];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) (1 - j + 2 * j * random.nextDouble());
        }
        return x.mul(pass.manager().create(factors, x.getShape())); // (N, D)
    }

    private RoutingPlan plan(Pass pass, float[] probabilities) {
        int capacity = model.capacity(probabilities.length / model.nExperts(), pass.training());
        DropPolicy policy = model.dropOrder() == DropOrder.RANDOM ? pass.dropPolicy() : DropPolicy.byPosition();
        return RoutingPlan.of(probabilities, model.nExperts(), capacity, model.dropTokens(), policy, layer);
    }

    private static NDArray routes(NDManager manager, RoutingPlan plan) {
        long[] routes = new long[plan.tokens()];
        Arrays.setAll(routes, plan::route);
        return manager.create(routes, new Shape(routes.length, 1)); // (N, 1)
    }

    private NDArray gate(NDArray chosen) {
        return model.isScaleProb() ? chosen : chosen.div(chosen.stopGradient()); // (N, 1)
    }

    private NDArray combine(NDManager manager, NDArray x, NDArray y, NDArray gate, RoutingPlan plan) {
        if (plan.droppedCount() == 0) {
            return y.mul(gate); // (N, D)
        }
        NDArray kept = manager.create(plan.keptMask(), new Shape(plan.tokens(), 1)); // (N, 1)
        if (model.droppedTokens() == DroppedTokens.ZERO) {
            return y.mul(gate.mul(kept)); // (N, D)
        }
        NDArray keeps = kept.neq(0).broadcast(x.getShape()); // (N, D)
        return NDArrays.where(keeps, y, x).mul(gate); // (N, D)
    }

    /** How the last pass was routed: its arrays live as long as that pass' manager. Empty before the first. */
    public Optional<Routing> lastRouting() {
        return lastRouting;
    }

    @Override
    NDList forwardList(Pass pass, NDList inputs) {
        return new NDList(forward(pass, inputs.head()).y());
    }
}
