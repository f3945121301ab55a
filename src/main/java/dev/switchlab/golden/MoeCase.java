package dev.switchlab.golden;

import ai.djl.ndarray.NDArray;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.nn.BatchPart;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.FeedForwardBlock;
import dev.switchlab.nn.LoadBalancingLoss;
import dev.switchlab.nn.RouterZLoss;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.RoutingPlan;
import dev.switchlab.nn.SwitchFeedForward;
import dev.switchlab.safetensors.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A mixture-of-experts layer as other implementations have it, with any number of choices, any score, gate and balance.
 * {@code golden/README.md} says step by step what it computes.
 */
record MoeCase(CaseFile file, MoeConfig config) implements GoldenCase {

    private static final String WEIGHT = "linear_v.weight";
    private static final String BIAS = "linear_v.bias";

    static MoeCase of(CaseFile file) {
        file.onlyInputs("x", "w");
        if (!file.permutations().isEmpty()) {
            throw new GoldenException("a case of kind moe drops by position: it has no input.perm."
                    + file.permutations().keySet().iterator().next());
        }
        return new MoeCase(file, MoeConfig.of(file));
    }

    @Override
    public boolean dispatches() {
        return true;
    }

    @Override
    public Map<String, Tensor> replay(Form form, Place place) {
        return replay(form, place, BatchPart.all());
    }

    /** By one of several ranks, where the case holds its tokens and its experts. All of them call it together. */
    Map<String, Tensor> replay(Form form, Place place, BatchPart part) {
        ModelConfig model = config.model(form.dispatch());
        SwitchFeedForward block = new SwitchFeedForward(model, 0, config.selectionBias(), part.world());
        try (Workbench<SwitchFeedForward> bench = new Workbench<>(block, file.withParams(params()), place, form)) {
            Map<String, Tensor> results = bench.run(DropPolicy.byPosition(), run -> {
                FeedForwardBlock.Output output = block.forward(run.pass().over(part), run.input("x"));
                Routing routing = output.routing().orElseThrow();
                run.output("y", output.y()); // (T, D)
                run.output("gates", routing.gates()); // (T, K)
                outputs(run, routing.plan());
                if (config.selectionBias()) {
                    block.moveSelectionBias(routing.tensors().counts(run.scope()), config.selectionBiasRate());
                    run.output("selection_bias_next", bias(bench));
                }
                return loss(run, output.y(), routing);
            });
            results.keySet().removeIf(name -> name.endsWith(BIAS) && !isStored(name));
            return results;
        }
    }

    /**
     * The case's weights. Where experts have biases, the second layer of a gated one has a bias here and none in a
     * case: a bias of zero is the same.
     */
    Map<String, Tensor> params() {
        Map<String, Tensor> params = new LinkedHashMap<>(file.params());
        if (file.config().flag("expert_bias")) {
            file.params().forEach((name, weight) -> {
                if (name.endsWith(WEIGHT)) {
                    int width = Math.toIntExact(weight.shape()[0]);
                    params.putIfAbsent(name.replace(WEIGHT, BIAS), Tensor.of(new float[width], width));
                }
            });
        }
        return params;
    }

    private boolean isStored(String gradient) {
        return file.params().containsKey(gradient.substring("grad.".length()));
    }

    private static void outputs(Workbench.Run run, RoutingPlan plan) {
        long[] routes = new long[plan.pairs()];
        Arrays.setAll(routes, pair -> plan.route(pair / plan.choices(), pair % plan.choices()));
        run.output("routes", Tensor.of(routes, plan.tokens(), plan.choices()));
        run.output("counts", Tensor.of(counts(plan), plan.experts()));
        run.output("n_dropped", Tensor.of(new long[] {plan.droppedCount()}));
    }

    private static long[] counts(RoutingPlan plan) {
        long[] counts = new long[plan.experts()];
        Arrays.setAll(counts, plan::count);
        return counts;
    }

    private static Tensor bias(Workbench<SwitchFeedForward> bench) {
        float[] bias = bench.stateDict().weights().get("selection_bias").values();
        return Tensor.of(bias, bias.length);
    }

    private NDArray loss(Workbench.Run run, NDArray y, Routing routing) {
        NDArray loss = run.weighed(y); // ()
        if (config.balances()) {
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
    }
}
