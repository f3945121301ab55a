package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.DroppedTokens;
import dev.switchlab.nn.kernel.DispatchKernel;
import dev.switchlab.nn.kernel.ProductKernels;
import dev.switchlab.world.World;
import java.util.Optional;

/**
 * A switch layer: each token goes to K of E experts (arXiv 2101.03961, section 2; reference: {@code SwitchFeedForward},
 * where K is 1).
 *
 * <ol>
 *   <li>Router: logits {@code l = x W_r}, in training with noise on x (section 2.1, appendix C); scores {@code s =
 *       softmax(l)}, or sigmoid (DeepSeek-V3, arXiv 2412.19437).
 *   <li>Routing plan: the K best experts of each token by {@code s + b}, with a selection bias b or without (arXiv
 *       2408.15664). An expert takes {@code capacity_factor * K * N / E} pairs of token and choice, first choices
 *       first; the rest is dropped, or tries the next best expert (section 2.2, appendix B).
 *   <li>Gates: the scores of the chosen; normalised and scaled where the experiment says so. Without
 *       {@code is_scale_prob} a gate's value is one, but it still carries the router's gradient.
 *   <li>Dispatch: every kept pair's token through its expert (section 2.1, equation 2).
 *   <li>Combine: {@code y = sum_k g_k E_k(x)}. A dropped pair adds nothing, so that the residual connection alone
 *       carries the token (section 2.2), or passes the token through as an expert would (reference).
 *   <li>Shared experts, which see every token, are added (DeepSeekMoE, arXiv 2401.06066).
 * </ol>
 *
 * <p>As a block of any DJL model it takes (..., D) and returns (..., D); the tokens of all leading axes are routed
 * together, in that order. What the router did, for its losses and for statistics, is {@link #lastRouting};
 * {@link SwitchLoss} adds the router's losses to a task's loss.
 */
public final class SwitchFeedForward extends LabBlock implements FeedForwardBlock {

    private final ModelConfig model;
    private final int layer;
    private final Router router;
    private final Dispatch dispatch;
    private final Experts experts;
    private final FeedForward shared;
    private final Parameter selectionBias;
    private Optional<Routing> lastRouting = Optional.empty();

    /** A layer without a selection bias: see {@link #SwitchFeedForward(ModelConfig, int, boolean)}. */
    public SwitchFeedForward(ModelConfig model, int layer) {
        this(model, layer, false);
    }

    /**
     * A layer with the experts, capacity and router of {@code model}.
     *
     * @param layer its index in the transformer: layers of one index draw the same random numbers
     * @param selectionBias whether a bias per expert moves the choice; it starts at zero and {@link #moveSelectionBias}
     *     changes it
     */
    public SwitchFeedForward(ModelConfig model, int layer, boolean selectionBias) {
        this(model, layer, selectionBias, World.ofOne());
    }

    /**
     * The same with experts spread over ranks: each has as many, and tokens go to the ranks that have their experts.
     *
     * @param ranks which all run every pass together
     */
    public SwitchFeedForward(ModelConfig model, int layer, boolean selectionBias, World ranks) {
        this.model = model;
        this.layer = layer;
        dispatch = Dispatch.of(model.dispatch());
        experts =
                child("experts", new Experts(ExpertPart.of(ranks, model.nExperts()), FeedForwardConfig.expert(model)));
        router = new Router(
                model, layer, child("switch", new LinearLayer(model.dModel(), model.nExperts(), model.routerBias())));
        shared = model.sharedExperts() > 0 ? child("shared", new FeedForward(FeedForwardConfig.shared(model))) : null;
        this.selectionBias =
                selectionBias ? buffer("selection_bias", new Shape(model.nExperts()), Initializer.ZEROS) : null;
    }

    @Override
    public Output forward(Pass pass, NDArray input) {
        if (pass.isFused()) {
            // Rows sorted by expert need a plan on the host.
            boolean byHand = Networks.isFused(pass, FeedForwardConfig.expert(model)) && !pass.routesOnDevice();
            return byHand ? fused(pass, input) : autograd(pass, input);
        }
        NDArray x = input.reshape(-1, model.dModel()); // (N, D)

        // 1. Router
        NDArray logits = router.logits(pass, x); // (N, E)

        // 2. Routing plan, 3. Gates
        Routing routing = route(pass, logits, sequences(input.getShape()));

        // 4. Dispatch
        NDArray outputs = dispatch.apply(pass, experts, x, routing.tensors()); // (N * K, D)

        // 5. Combine
        NDArray y = combine(pass.manager(), x, outputs, routing.gates(), routing.tensors()); // (N, D)

        // 6. Shared experts
        if (shared != null) {
            y = y.add(shared.apply(pass, x)); // (N, D)
        }
        return new Output(y.reshape(input.getShape()), lastRouting);
    }

    /** Logits (N, E) to a plan and its gates. */
    private Routing route(Pass pass, NDArray logits, int sequences) {
        NDArray ranking = router.ranking(logits); // (N, E)

        // 2. Routing plan
        Optional<NDArray> bias = selectionBias(pass.manager()); // (E)
        Plan plan = pass.routesOnDevice()
                ? router.planOnDevice(pass, ranking, bias)
                : router.plan(
                        pass,
                        HostCopy.floats(ranking),
                        bias.map(HostCopy::floats).orElse(new float[0]));

        // 3. Gates
        NDArray scores = router.scores(pass, ranking, plan); // (N, E)
        NDArray chosen = router.chosen(pass, scores, plan); // (N, K)
        NDArray gates = router.gates(pass, chosen); // (N, K)

        Routing routing = new Routing(model, layer, sequences, plan, ranking, bias, logits, scores, chosen, gates);
        lastRouting = Optional.of(routing);
        return routing;
    }

    /**
     * The same by fused primitives: products, gathers and their gradients by hand, the router from its logits on by
     * autograd.
     */
    private Output fused(Pass pass, NDArray input) {
        NDArray x = input.reshape(-1, model.dModel()); // (N, D)
        pass.record(x, dx -> pass.add(input, dx.reshape(input.getShape())));

        NDArray logits = router.fusedLogits(pass, x); // (N, E)
        Routing routing = route(pass, pass.leaf(logits), sequences(input.getShape()));

        boolean passes = model.droppedTokens() == DroppedTokens.PASS_THROUGH;
        NDManager manager = pass.manager();
        ProductKernels kernels = pass.kernels().experts();
        boolean allHere = experts.part().isAll();
        ExpertRows rows = ExpertRows.of(manager, routing.plan(), allHere ? kernels.grain() : 1, passes);
        NDArray in = DispatchKernel.gather(manager, x, rows.places()); // (R, D)
        Networks.Run run = allHere
                ? experts.networks().run(pass, in, rows.offsets(), kernels)
                : ExpertExchange.run(
                        pass,
                        experts.part(),
                        experts.networks(),
                        in,
                        routing.plan().keptCounts(),
                        kernels);
        NDArray[] combined = DispatchKernel.combine(manager, run.y(), x, routing.gates(), rows.places());
        run.y().close();
        pass.release(in, combined[1]);
        NDArray y = combined[0]; // (N, D)
        pass.record(y, dy -> {
            NDArray[] gradients =
                    DispatchKernel.combineBackward(manager, dy, combined[1], routing.gates(), rows.places());
            combined[1].close();
            Tape.differentiate(routing.gates(), gradients[0], false);
            NDArray drows = run.backward(gradients[2]); // (R, D)
            NDArray dx =
                    DispatchKernel.gatherBackward(manager, drows, gradients[1], model.topK(), rows.places()); // (N, D)
            for (NDArray used : new NDArray[] {in, drows, gradients[1], gradients[2]}) {
                used.close();
            }
            pass.add(x, dx);
        });
        NDArray all = shared == null ? y : pass.sum(y, shared.apply(pass, x)); // (N, D)
        NDArray shaped = all.reshape(input.getShape()); // (..., D)
        pass.record(shaped, dy -> pass.add(all, dy.reshape(all.getShape())));
        return new Output(shaped, lastRouting);
    }

    /** The plain form as a piece of a fused pass, for what has no fused form. */
    private Output autograd(Pass pass, NDArray input) {
        return new Output(pass.plain(input, leaf -> forward(pass.plain(), leaf).y()), lastRouting);
    }

    private NDArray combine(NDManager manager, NDArray x, NDArray outputs, NDArray gates, Plan plan) {
        NDArray weights = gates.reshape(-1, 1); // (N * K, 1)
        NDArray y = outputs; // (N * K, D)
        Optional<NDArray> mask = plan.kept(manager); // (N * K, 1)
        if (mask.isPresent()) {
            NDArray kept = mask.get(); // (N * K, 1)
            if (model.droppedTokens() == DroppedTokens.PASS_THROUGH) {
                NDArray keeps = kept.neq(0).broadcast(y.getShape()); // (N * K, D)
                y = NDArrays.where(keeps, y, ofPairs(x, y.getShape())); // (N * K, D)
            } else {
                weights = weights.mul(kept); // (N * K, 1)
            }
        }
        y = y.mul(weights); // (N * K, D)
        return model.topK() == 1
                ? y
                : y.reshape(-1, model.topK(), model.dModel()).sum(new int[] {1}); // (N, D)
    }

    /** Each token once per choice: (N, D) to (N * K, D). */
    private NDArray ofPairs(NDArray x, Shape shape) {
        if (model.topK() == 1) {
            return x; // (N, D)
        }
        return x.expandDims(1)
                .broadcast(new Shape(x.getShape().get(0), model.topK(), model.dModel()))
                .reshape(shape); // (N * K, D)
    }

    /** (S, B, D) holds B sequences; anything else counts as one. */
    private static int sequences(Shape input) {
        return input.dimension() == 3 ? Math.toIntExact(input.get(1)) : 1;
    }

    /** As it is now: it is moved in place. */
    private Optional<NDArray> selectionBias(NDManager manager) {
        if (selectionBias == null) {
            return Optional.empty();
        }
        NDArray now = selectionBias.getArray().duplicate(); // (E)
        now.attach(manager);
        return Optional.of(now);
    }

    /**
     * Moves the selection bias against the load, after a step (arXiv 2408.15664, algorithm 1; centred as in
     * torchtitan): {@code b += d - mean(d)}, {@code d = rate * sign(mean(counts) - counts)}.
     *
     * @param counts pairs that wanted each expert in the step, before dropping
     */
    public void moveSelectionBias(long[] counts, double rate) {
        NDArray bias = requireSelectionBias();
        try (NDArray array = bias.getManager().create(counts)) {
            SelectionBias.move(bias, array, rate);
        }
    }

    /** The same by counts that are still on the device, (E) int64: nothing waits for them. */
    public void moveSelectionBias(NDArray counts, double rate) {
        SelectionBias.move(requireSelectionBias(), counts, rate);
    }

    /** The same by the loads of the last pass: for DJL's {@code Trainer}, after its {@code step()}. */
    public void moveSelectionBias(double rate) {
        NDArray bias = requireSelectionBias();
        try (NDManager scratch = bias.getManager().newSubManager()) {
            moveSelectionBias(lastRouting.orElseThrow().tensors().counts(scratch), rate);
        }
    }

    private NDArray requireSelectionBias() {
        if (selectionBias == null) {
            throw new IllegalStateException("layer " + layer + " was made without a selection bias");
        }
        return selectionBias.getArray();
    }

    /** Whether a bias per expert moves the choice. */
    public boolean hasSelectionBias() {
        return selectionBias != null;
    }

    /** Its index in the transformer. */
    public int layer() {
        return layer;
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
