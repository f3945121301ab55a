package dev.switchlab.golden;

import static dev.switchlab.golden.Harness.array;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import com.google.common.primitives.Longs;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.ModelConfig.DropOrder;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.nn.AutoregressiveModel;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.FeedForward;
import dev.switchlab.nn.FeedForwardBlock;
import dev.switchlab.nn.FeedForwardConfig;
import dev.switchlab.nn.ForwardContext;
import dev.switchlab.nn.LoadBalancingLoss;
import dev.switchlab.nn.MultiHeadAttention;
import dev.switchlab.nn.RouterZLoss;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.RoutingPlan;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.nn.SwitchFeedForward;
import dev.switchlab.nn.SwitchTransformer;
import dev.switchlab.nn.SwitchTransformerLayer;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.train.Adam;
import dev.switchlab.train.CrossEntropy;
import dev.switchlab.train.GradientClipping;
import dev.switchlab.train.Muon;
import dev.switchlab.train.Optimizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A case whose configuration was checked against the shapes of its weights. Each kind is one method below: it checks,
 * and returns how the model computes the case.
 *
 * @param dispatches whether tokens are dispatched to experts, so that every form of dispatch has to pass
 * @param tolerances how far each tensor may be off
 */
record GoldenCase(CaseFile file, boolean dispatches, Tolerances tolerances, Replay replay) {

    private static final String GATE_BIAS = "linear_v.bias";

    /** Computes a case on the model. */
    @FunctionalInterface
    interface Replay {
        /**
         * Every output and gradient by its full name, as in {@code output.y}.
         *
         * @throws GoldenException if the case cannot be run, or its permutations do not fit the routes
         */
        Map<String, Tensor> run(CaseFile file, Implementation implementation);
    }

    /**
     * The case that {@code file} holds.
     *
     * @throws GoldenException if its kind is unknown or its configuration makes no sense
     */
    static GoldenCase of(CaseFile file) {
        return switch (file.kind()) {
            case "feed_forward" -> feedForward(file);
            case "mha" -> attention(file);
            case "switch_ff" -> switchLayer(file);
            case "moe" -> mixtureOfExperts(file);
            case "layer" -> transformerLayer(file);
            case "transformer" -> transformer(file);
            case "autoregressive_model" -> languageModel(file);
            case "optimizer" -> optimizer(file);
            case "trajectory" -> trajectory(file);
            case "distillation" -> of(file, false, Distillation.of(file));
            default ->
                throw new GoldenException("kind is '" + file.kind() + "'; allowed: feed_forward, mha, switch_ff, moe,"
                        + " layer, transformer, autoregressive_model, optimizer, trajectory, distillation");
        };
    }

    private static GoldenCase of(CaseFile file, boolean dispatches, Replay replay) {
        return new GoldenCase(file, dispatches, Tolerances.of(file.noise()), replay);
    }

    private static GoldenCase feedForward(CaseFile checked) {
        checked.onlyInputs("x", "w");
        CaseConfig.Network config = CaseConfig.Network.of(checked);
        FeedForwardConfig network = new FeedForwardConfig(
                config.dModel(),
                config.dFf(),
                config.activation(),
                config.gated(),
                checked.hasParam("layer1.bias"),
                checked.hasParam("layer2.bias"),
                checked.hasParam("linear_v.bias"),
                0);
        return of(checked, false, (file, implementation) -> {
            try (Harness<FeedForward> harness = new Harness<>(new FeedForward(network), file, implementation)) {
                return harness.run(DropPolicy.byPosition(), run -> {
                    NDArray y = harness.block().apply(run.pass(), run.input("x"));
                    run.output("y", y);
                    return run.weighed(y);
                });
            }
        });
    }

    private static GoldenCase attention(CaseFile checked) {
        checked.onlyInputs("x", "kv", "w", "mask");
        CaseConfig.Attention config = CaseConfig.Attention.of(checked);
        return of(checked, false, (file, implementation) -> {
            MultiHeadAttention block =
                    new MultiHeadAttention(config.heads(), config.dModel(), 0, config.bias(), Positions.NONE);
            try (Harness<MultiHeadAttention> harness = new Harness<>(block, file, implementation)) {
                return harness.run(DropPolicy.byPosition(), run -> {
                    NDArray x = run.input("x"); // (Q, B, D)
                    NDArray kv = file.inputs().containsKey("kv") ? run.input("kv") : x; // (M, B, D)
                    NDArray y = block.forward(run.pass(), x, kv, kv, run.mask());
                    run.output("y", y);
                    NDArray weights = block.attention(run.pass(), x, kv, run.mask()); // (B * H, Q, M)
                    long h = config.heads();
                    long b = weights.getShape().get(0) / h;
                    run.output(
                            "attn",
                            weights.transpose(1, 2, 0).reshape(x.getShape().get(0), -1, b, h)); // (Q, M, B, H)
                    return run.weighed(y);
                });
            }
        });
    }

    private static GoldenCase switchLayer(CaseFile checked) {
        checked.onlyInputs("x", "w", "perm");
        CaseConfig.Switch config = CaseConfig.Switch.ofLayer(checked);
        return of(checked, true, (file, implementation) -> {
            SwitchFeedForward block = new SwitchFeedForward(
                    config.model(checked, implementation.dispatch()),
                    0,
                    false,
                    implementation.part().world());
            try (Harness<SwitchFeedForward> harness = new Harness<>(block, file, implementation)) {
                return harness.run(drops(harness, config, "", false), run -> {
                    FeedForwardBlock.Output output = block.forward(run.pass(), run.input("x"));
                    Routing routing = output.routing().orElseThrow();
                    run.output("final_output", output.y());
                    run.routing(routing);
                    return run.balanced(output.y(), List.of(routing));
                });
            }
        });
    }

    private static DropPolicy drops(Harness<?> harness, CaseConfig.Switch config, String prefix, boolean isLayered) {
        return config.dropOrder() == DropOrder.RANDOM ? harness.permuted(prefix, isLayered) : DropPolicy.byPosition();
    }

    /**
     * A layer of experts as other implementations have it, with any number of choices, any score, gate and balance.
     * {@code golden/README.md} says step by step what it computes.
     */
    private static GoldenCase mixtureOfExperts(CaseFile checked) {
        checked.onlyInputs("x", "w");
        CaseConfig.Moe config = CaseConfig.Moe.of(checked);
        return of(checked, true, (file, implementation) -> {
            SwitchFeedForward block = new SwitchFeedForward(
                    config.model(checked, implementation.dispatch()),
                    0,
                    config.selectionBias(),
                    implementation.part().world());
            CaseFile own = config.expertBias() ? withGateBiases(file) : file;
            try (Harness<SwitchFeedForward> harness = new Harness<>(block, own, implementation)) {
                Map<String, Tensor> results = harness.run(DropPolicy.byPosition(), run -> {
                    FeedForwardBlock.Output output = block.forward(run.pass(), run.input("x"));
                    Routing routing = output.routing().orElseThrow();
                    run.output("y", output.y()); // (T, D)
                    run.output("gates", routing.gates()); // (T, K)
                    routesOfPairs(run, routing.plan());
                    if (config.selectionBias()) {
                        block.moveSelectionBias(routing.plan().counts(run.scope()), config.selectionBiasRate());
                        float[] bias = harness.stateDict()
                                .weights()
                                .get("selection_bias")
                                .values();
                        run.output("selection_bias_next", Tensor.of(bias, bias.length));
                    }
                    NDArray loss = run.weighed(output.y()); // ()
                    if (config.loadBalance() == CaseConfig.Moe.Balance.SWITCH) {
                        NDArray balance = LoadBalancingLoss.of(run.scope(), List.of(routing)); // ()
                        run.output("load_balance", balance);
                        loss = loss.add(balance);
                    }
                    if (config.zLoss()) {
                        NDArray zLoss = RouterZLoss.of(List.of(routing)); // ()
                        run.output("z_loss", zLoss);
                        loss = loss.add(zLoss);
                    }
                    return loss;
                });
                Set<String> stored = file.params().keySet();
                results.keySet()
                        .removeIf(
                                name -> name.endsWith(GATE_BIAS) && !stored.contains(name.replaceFirst("^grad.", "")));
                return results;
            }
        });
    }

    /** Where experts have biases, the gate has one in this model and none in a case: zero changes nothing. */
    private static CaseFile withGateBiases(CaseFile file) {
        Map<String, Tensor> params = new LinkedHashMap<>(file.params());
        file.params().forEach((name, weight) -> {
            if (name.endsWith("linear_v.weight")) {
                int width = Math.toIntExact(weight.shape()[0]);
                params.putIfAbsent(name.replace("linear_v.weight", GATE_BIAS), Tensor.of(new float[width], width));
            }
        });
        return file.withParams(params);
    }

    private static void routesOfPairs(Harness.Run run, RoutingPlan plan) {
        long[] routes = new long[plan.pairs()];
        Arrays.setAll(routes, pair -> plan.route(pair / plan.choices(), pair % plan.choices()));
        run.output("routes", Tensor.of(routes, plan.tokens(), plan.choices()));
        long[] counts = new long[plan.experts()];
        Arrays.setAll(counts, plan::count);
        run.output("counts", Tensor.of(counts, plan.experts()));
        run.output("n_dropped", Tensor.of(new long[] {plan.droppedCount()}));
    }

    private static GoldenCase transformerLayer(CaseFile checked) {
        checked.onlyInputs("x", "w", "mask", "perm");
        CaseConfig.Switch config = CaseConfig.Switch.ofTransformer(checked, "");
        return of(checked, true, (file, implementation) -> {
            SwitchTransformerLayer block = new SwitchTransformerLayer(
                    config.model(file, implementation.dispatch()), 0, false, ProcessGroup.single());
            try (Harness<SwitchTransformerLayer> harness = new Harness<>(block, file, implementation)) {
                return harness.run(drops(harness, config, "", true), run -> {
                    FeedForwardBlock.Output output = block.forward(run.pass(), run.input("x"), run.mask());
                    Routing routing = output.routing().orElseThrow();
                    run.output("x", output.y());
                    run.routing(routing);
                    return run.balanced(output.y(), List.of(routing));
                });
            }
        });
    }

    private static GoldenCase transformer(CaseFile checked) {
        checked.onlyInputs("x", "w", "mask", "perm");
        CaseConfig.Switch config = CaseConfig.Switch.ofTransformer(checked, "layers.");
        return of(checked, true, (file, implementation) -> {
            SwitchTransformer block =
                    new SwitchTransformer(config.model(file, implementation.dispatch()), false, ProcessGroup.single());
            try (Harness<SwitchTransformer> harness = new Harness<>(block, file, implementation)) {
                return harness.run(drops(harness, config, "", true), run -> {
                    SwitchTransformer.Output output = block.forward(run.pass(), run.input("x"), run.mask());
                    run.output("x", output.y());
                    run.routing(output.routing());
                    return run.balanced(output.y(), output.routing());
                });
            }
        });
    }

    /** The language model of a case, with its training loss. */
    private record Model(CaseConfig.Switch config, CaseConfig.Vocabulary vocabulary) {

        /** @param rank 2 for one batch of tokens (S, B), 3 for the batches of a trajectory */
        static Model of(CaseFile file, int rank) {
            file.onlyInputs("tokens", "target", "perm");
            Tensor tokens = file.input("tokens", Dtype.I64);
            if (tokens.shape().length != rank) {
                throw new GoldenException("input.tokens is " + tokens + "; allowed: " + rank + " dimensions");
            }
            CaseConfig.Vocabulary vocabulary = CaseConfig.Vocabulary.of(file);
            return new Model(CaseConfig.Switch.ofTransformer(file, "transformer.layers."), vocabulary);
        }

        Harness<AutoregressiveModel> harness(CaseFile file, Implementation implementation) {
            AutoregressiveModel block = new AutoregressiveModel(
                    config.model(file, implementation.dispatch()), vocabulary.nVocab(), vocabulary.maxSeqLen(), false);
            return new Harness<>(block, file, implementation);
        }

        /** {@code loadBalancing} is null without switch layers. */
        record Loss(NDArray total, NDArray crossEntropy, NDArray loadBalancing, AutoregressiveModel.Output output) {}

        Loss loss(AutoregressiveModel model, ForwardContext pass, NDArray tokens, NDArray target) {
            AutoregressiveModel.Output output = model.forward(pass, tokens);
            NDArray crossEntropy = CrossEntropy.of(output.logits(), target); // ()
            if (output.routing().isEmpty()) {
                return new Loss(crossEntropy, crossEntropy, null, output);
            }
            NDArray balance = LoadBalancingLoss.of(pass.manager(), output.routing()); // ()
            float factor = (float) vocabulary.loadBalancingCoef();
            NDArray coefficient = pass.manager().full(new Shape(), factor, DataType.FLOAT32); // ()
            return new Loss(crossEntropy.add(balance.mul(coefficient)), crossEntropy, balance, output);
        }
    }

    private static GoldenCase languageModel(CaseFile checked) {
        Model model = Model.of(checked, 2);
        int nVocab = model.vocabulary.nVocab();
        return of(checked, model.config.isSparse(), (file, implementation) -> {
            try (Harness<AutoregressiveModel> harness = model.harness(file, implementation)) {
                Map<String, Tensor> results = harness.run(drops(harness, model.config, "", true), run -> {
                    NDArray tokens = array(run.scope(), file.tokens("tokens", nVocab)); // (S, B)
                    NDArray targets = array(run.scope(), file.tokens("target", nVocab)); // (S, B)
                    Model.Loss loss = model.loss(harness.block(), run.pass(), tokens, targets);
                    run.output("logits", loss.output.logits());
                    run.output("cross_entropy", loss.crossEntropy);
                    if (loss.loadBalancing != null) {
                        run.output("lb_loss", loss.loadBalancing);
                        run.routing(loss.output.routing());
                    }
                    return loss.total;
                });
                double squares = results.entrySet().stream()
                        .filter(entry -> entry.getKey().startsWith("grad."))
                        .flatMapToDouble(entry -> Arrays.stream(entry.getValue().doubles()))
                        .map(g -> g * g)
                        .sum();
                results.put("output.grad_norm", Tensor.of(new float[] {(float) Math.sqrt(squares)}));
                return results;
            }
        });
    }

    /** Steps of an optimizer on two parameters, p and q, with given gradients. */
    private static GoldenCase optimizer(CaseFile checked) {
        checked.onlyInputs("grad_p", "grad_q");
        if (!checked.params().keySet().equals(Set.of("p", "q"))) {
            throw new GoldenException(
                    "the case has the weights " + checked.params().keySet() + "; allowed for an optimizer: p and q");
        }
        CaseConfig.Optimization config = CaseConfig.Optimization.of(checked);
        int steps = config.steps();
        checked.params().forEach((name, weight) -> {
            Tensor gradients = checked.input("grad_" + name, Dtype.F32);
            long[] shape = gradients.shape();
            if (shape.length < 1 || shape[0] != steps || gradients.elements() != (long) steps * weight.elements()) {
                throw new GoldenException("input.grad_" + name + " is " + gradients + ", not " + steps
                        + " steps of param." + name + ", " + weight);
            }
        });
        return of(checked, false, (file, implementation) -> {
            Series series = new Series();
            List<String> names = List.of("p", "q");
            try (NDManager manager = NDManager.newBaseManager(implementation.device())) {
                List<NDArray> weights = names.stream()
                        .map(name -> array(manager, file.params().get(name)))
                        .toList();
                List<NDArray> gradients = names.stream()
                        .map(name -> array(manager, file.input("grad_" + name, Dtype.F32)))
                        .toList();
                Optimizer optimizer = optimizer(config, weights, manager);
                for (int step = 0; step < steps; step++) {
                    try (NDManager scope = manager.newSubManager()) {
                        List<NDArray> own = new ArrayList<>();
                        for (NDArray all : gradients) {
                            // A copy: clipping works in place, and a row shares memory with all rows.
                            own.add(at(scope, all, step).duplicate());
                        }
                        update(series, step, config, optimizer, own, scope);
                    }
                    for (int i = 0; i < weights.size(); i++) {
                        series.add(names.get(i), Harness.tensor(weights.get(i)));
                    }
                }
            }
            return series.results();
        });
    }

    private static Optimizer optimizer(CaseConfig.Optimization config, List<NDArray> weights, NDManager owner) {
        return config.muon()
                .<Optimizer>map(muon ->
                        new Muon(muon, weights, i -> weights.get(i).getShape().dimension() > 1, owner))
                .orElseGet(() -> new Adam(config.adam(), weights, owner));
    }

    /** Row {@code step} of a series (T, ...). */
    private static NDArray at(NDManager scope, NDArray series, int step) {
        NDArray row = series.get(step);
        row.attach(scope);
        return row;
    }

    /** Clips and updates; {@code step} counts from 0. */
    private static void update(
            Series series,
            int step,
            CaseConfig.Optimization config,
            Optimizer optimizer,
            List<NDArray> gradients,
            NDManager scope) {
        GradientClipping clipping = GradientClipping.of(scope, gradients, config.gradClip());
        series.add("grad_norm", Harness.tensor(clipping.norm()));
        double rate = config.learningRateAt(step + 1);
        series.add("lr", Tensor.of(new float[] {(float) rate}));
        optimizer.step(gradients, clipping.divisor(), rate, config.lr());
    }

    /** Steps of training: forward, backward, clipping, optimizer. */
    private static GoldenCase trajectory(CaseFile checked) {
        Model model = Model.of(checked, 3);
        CaseConfig.Optimization config = CaseConfig.Optimization.of(checked);
        int nVocab = model.vocabulary.nVocab();
        Tolerances tolerances = Tolerances.ofTrajectory(checked.noise(), config.sumOfLearningRates());
        return new GoldenCase(checked, model.config.isSparse(), tolerances, (file, implementation) -> {
            Series series = new Series();
            try (Harness<AutoregressiveModel> harness = model.harness(file, implementation)) {
                NDArray tokens = array(harness.manager(), file.tokens("tokens", nVocab)); // (T, S, B)
                NDArray targets = array(harness.manager(), file.tokens("target", nVocab)); // (T, S, B)
                List<Parameter> parameters = harness.stateDict().parameters();
                Optimizer optimizer = optimizer(
                        config, parameters.stream().map(Parameter::getArray).toList(), harness.manager());
                for (int step = 0; step < config.steps(); step++) {
                    try (NDManager scope = harness.manager().newSubManager()) {
                        StepWeights weights = new StepWeights(scope, harness.block(), true);
                        ForwardContext pass =
                                harness.pass(scope, weights, drops(harness, model.config, step + ".", true));
                        NDArray x = at(scope, tokens, step); // (S, B)
                        NDArray y = at(scope, targets, step); // (S, B)
                        Harness.backward(pass, () -> {
                            Model.Loss loss = model.loss(harness.block(), pass, x, y);
                            series.add(loss);
                            return loss.total;
                        });
                        List<NDArray> gradients =
                                parameters.stream().map(weights::gradient).toList();
                        update(series, step, config, optimizer, gradients, scope);
                    }
                }
                harness.checkPermutationsUsed();
                Map<String, Tensor> results = series.results();
                harness.stateDict()
                        .weights()
                        .forEach((name, weight) ->
                                results.put("output.final." + name, Tensor.of(weight.values(), weight.shape())));
                return results;
            }
        });
    }

    /** Outputs with one row per step. */
    private static final class Series {
        private final Map<String, List<Tensor>> rows = new TreeMap<>();

        void add(String name, Tensor row) {
            rows.computeIfAbsent(name, key -> new ArrayList<>()).add(row);
        }

        void add(Model.Loss loss) {
            add("loss", Harness.tensor(loss.total));
            add("cross_entropy", Harness.tensor(loss.crossEntropy));
            if (loss.loadBalancing != null) {
                add("lb_loss", Harness.tensor(loss.loadBalancing));
                List<Routing> routing = loss.output.routing();
                add(
                        "counts",
                        Harness.counts(
                                routing, routing.size(), routing.get(0).plan().experts()));
            }
        }

        Map<String, Tensor> results() {
            Map<String, Tensor> results = new TreeMap<>();
            rows.forEach((name, all) -> {
                long[] shape = Longs.concat(new long[] {all.size()}, all.get(0).shape());
                results.put("output." + name, Harness.floats(all.stream().map(Tensor::floats), shape));
            });
            return results;
        }
    }
}
