package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.DroppedTokens;
import dev.switchlab.nn.kernel.Script;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * A switch layer: each token goes to K of E experts (arXiv 2101.03961, section 2; reference: {@code SwitchFeedForward},
 * where K is 1).
 *
 * <ol>
 *   <li>Router: logits {@code l = x W_r}, in training with noise on x (section 2.1, appendix C); scores {@code s =
 *       softmax(l)}, or sigmoid (DeepSeek-V3, arXiv 2412.19437). Without W_r: {@link FixedRoutes}.
 *   <li>Routing plan: the K best experts of each token by {@code s + b}, with a selection bias b or without (arXiv
 *       2408.15664). An expert takes {@code capacity_factor * K * N / E} pairs of token and choice, first choices
 *       first; the rest is dropped, or tries the next best expert (section 2.2, appendix B).
 *   <li>Gates: the scores of the chosen; normalized and scaled where the experiment says so. Without
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

    private static final Script SCRIPT = Script.of("dispatch");
    private static final Script BIAS = Script.of("selection_bias");

    private final ModelConfig model;
    private final int layer;
    private final Router router;
    private final Experts experts;
    private final FeedForward shared;
    private final Parameter selectionBias;
    private Optional<Routing> lastRouting = Optional.empty();

    /** A layer without a selection bias, with all experts in this process. */
    public SwitchFeedForward(ModelConfig model, int layer) {
        this(model, layer, false);
    }

    /** A layer with all experts in this process. */
    public SwitchFeedForward(ModelConfig model, int layer, boolean selectionBias) {
        this(model, layer, selectionBias, ProcessGroup.single());
    }

    /**
     * A layer with the experts, capacity and router of {@code model}.
     *
     * @param layer its index in the transformer: layers of one index draw the same random numbers
     * @param selectionBias whether a bias per expert moves the choice; it starts at zero and {@link #moveSelectionBias}
     *     changes it
     * @param ranks that experts are sharded over, which all run every pass together: each has an equal number of
     *     experts, and tokens go to the rank of their expert; a single process for all experts
     */
    public SwitchFeedForward(ModelConfig model, int layer, boolean selectionBias, ProcessGroup ranks) {
        this.model = model;
        this.layer = layer;
        experts =
                child("experts", new Experts(ExpertShard.of(ranks, model.nExperts()), FeedForwardConfig.expert(model)));
        router = new Router(
                model,
                layer,
                model.router().hasWeights()
                        ? child("switch", new LinearLayer(model.dModel(), model.nExperts(), model.routerBias()))
                        : null);
        shared = model.sharedExperts() > 0 ? child("shared", new FeedForward(FeedForwardConfig.shared(model))) : null;
        this.selectionBias =
                selectionBias ? buffer("selection_bias", new Shape(model.nExperts()), Initializer.ZEROS) : null;
    }

    @Override
    public Output forward(ForwardContext pass, NDArray input) {
        NDArray x = input.reshape(-1, model.dModel()); // (N, D)

        // 1. Router
        int sequences = sequences(input.getShape());
        NDArray logits = router.logits(pass, x, sequences); // (N, E)

        // 2. Routing plan, 3. Gates
        Routing routing = route(pass, logits, sequences);

        // 4. Dispatch, 5. Combine, 6. Shared experts
        NDArray y = pass.hasKernels() ? byKernel(pass, x, routing) : plain(pass, x, routing); // (N, D)
        return new Output(y.reshape(input.getShape()), lastRouting);
    }

    /** Logits (N, E) to a plan and its gates. */
    private Routing route(ForwardContext pass, NDArray logits, int sequences) {
        NDArray routerScores = pass.rounded(router.routerScores(logits)); // (N, E)

        // 2. Routing plan
        Optional<NDArray> bias = selectionBias(pass.manager()); // (E)
        RoutingPlan plan = router.plan(
                pass, HostCopy.floats(routerScores), bias.map(HostCopy::floats).orElse(new float[0]));

        // 3. Gates
        NDArray scores = pass.rounded(router.scores(pass, routerScores, plan)); // (N, E)
        NDArray chosen = router.chosen(pass, scores, plan); // (N, K)
        NDArray gates = pass.rounded(router.gates(pass, chosen)); // (N, K)
        return new Routing(model, layer, sequences, plan, routerScores, bias, logits, scores, chosen, gates);
    }

    /** A loop over experts, the way the reference is written: the oracle. Slow with many experts. */
    private NDArray plain(ForwardContext pass, NDArray x, Routing routing) {
        lastRouting = Optional.of(routing);

        // 4. Dispatch
        ExpertRows sorted = ExpertRows.of(pass.manager(), routing.plan(), 1);
        NDArray in = rows(x, sorted.tokens()); // (R, D)
        NDList outputs = new NDList();
        for (int expert = 0; expert < model.nExperts(); expert++) {
            long from = sorted.offsets()[expert];
            long to = sorted.offsets()[expert + 1];
            if (from < to) {
                outputs.add(experts.forwardOne(pass, expert, in.get(new NDIndex("{}:{}", from, to)))); // (n, D)
            }
        }
        // DJL's concat of a single array silently leaves the graph.
        NDArray all = outputs.size() == 1 ? outputs.head() : NDArrays.concat(outputs, 0); // (R, D)
        NDArray pairs = rows(all, sorted.rows()); // (N * K, D)

        // 5. Combine
        NDArray weights = routing.gates().reshape(-1, 1); // (N * K, 1)
        Optional<NDArray> mask = routing.plan().kept(pass.manager()); // (N * K, 1)
        if (mask.isPresent() && model.droppedTokens() == DroppedTokens.PASS_THROUGH) {
            NDArray keeps = mask.get().neq(0).broadcast(pairs.getShape()); // (N * K, D)
            pairs = NDArrays.where(keeps, pairs, ofPairs(x, pairs.getShape())); // (N * K, D)
        } else if (mask.isPresent()) {
            weights = weights.mul(mask.get()); // (N * K, 1)
        }
        NDArray y = pairs.mul(weights); // (N * K, D)
        if (model.topK() > 1) {
            y = y.reshape(-1, model.topK(), model.dModel()).sum(new int[] {1}); // (N, D)
        }

        // 6. Shared experts
        return shared == null ? y : y.add(shared.apply(pass, x)); // (N, D)
    }

    /** All experts in one call, whose gradient is written by hand: the graph is cut here. */
    private NDArray byKernel(ForwardContext pass, NDArray x, Routing routing) {
        // 4. Dispatch
        boolean passes = model.droppedTokens() == DroppedTokens.PASS_THROUGH;
        Dispatch dispatch = new Dispatch(pass, experts, routing.plan(), passes);
        Graph.Cut cut = pass.cut();
        NDArray pairs = cut.through(x, dispatch); // (N * K, D)
        NDArray tokens = shared == null ? x : cut.carry(x); // (N, D)
        Routing behind = routing.carried(cut);
        lastRouting = Optional.of(behind);

        // 5. Combine
        NDArray y = pass.run(SCRIPT, "combine", pairs, behind.gates()); // (N, D)
        if (!pass.training()) {
            pairs.close();
        }

        // 6. Shared experts
        return shared == null ? y : y.add(shared.apply(pass, tokens)); // (N, D)
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

    @Override
    public List<List<NDArray>> tensors(ForwardContext pass) {
        List<List<NDArray>> tensors =
                new ArrayList<>(shared == null ? Collections.nCopies(4, List.of()) : shared.network(pass));
        tensors.add(router.tensors(pass));
        tensors.add(values(pass, selectionBias));
        tensors.addAll(experts.network(pass));
        return tensors;
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
        try (NDArray array = requireSelectionBias().getManager().create(counts)) {
            moveSelectionBias(array, rate);
        }
    }

    /** Moves the selection bias by counts that are still on the device, (E) int64: nothing waits for them. */
    public void moveSelectionBias(NDArray counts, double rate) {
        BIAS.run("move", requireSelectionBias(), counts, rate);
    }

    /** Moves the selection bias by the loads of the last pass: for DJL's {@code Trainer}, after its {@code step()}. */
    public void moveSelectionBias(double rate) {
        try (NDManager scratch = requireSelectionBias().getManager().newSubManager()) {
            moveSelectionBias(lastRouting.orElseThrow().plan().counts(scratch), rate);
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
    NDList forwardList(ForwardContext pass, NDList inputs) {
        return new NDList(forward(pass, inputs.head()).y());
    }
}
