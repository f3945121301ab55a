package dev.switchlab.bench;

import dev.switchlab.bench.StepProduct.Direction;
import dev.switchlab.bench.StepProduct.Role;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The matrix products of one training step, and how often each occurs. They are what no implementation can do without:
 * tokens spread evenly over the experts, none dropped, no padding, attention over the whole square of positions.
 *
 * @param times products with their number in the step
 */
record StepProducts(Map<StepProduct, Integer> times) {

    /** Of a step over one batch. */
    static StepProducts of(Experiment experiment, int vocabulary) {
        ModelConfig model = experiment.model();
        int s = experiment.train().seqLen();
        int b = experiment.train().batchSize();
        int n = s * b;
        int d = model.dModel();
        int f = model.dFf();
        int heads = b * model.heads();
        int width = d / model.heads();
        Map<StepProduct, Integer> times = new LinkedHashMap<>();
        for (int layer = 0; layer < model.nLayers(); layer++) {
            add(times, 1, StepProduct.linear(Role.QUERY_KEY_VALUE, 1, n, d, 3 * d));
            add(times, 1, StepProduct.linear(Role.ATTENTION_SCORES, heads, s, width, s));
            add(times, 1, StepProduct.mix(Role.ATTENTION_MIX, heads, s, s, width));
            add(times, 1, StepProduct.linear(Role.ATTENTION_OUTPUT, 1, n, d, d));
            int ins = model.gated() ? 2 : 1;
            int dense = f * (model.isSparse(layer) ? model.sharedExperts() : model.topK() + model.sharedExperts());
            if (model.isSparse(layer)) {
                int e = model.nExperts();
                int rows = Math.max(1, Math.round((float) n * model.topK() / e));
                add(times, 1, StepProduct.linear(Role.ROUTER, 1, n, d, e));
                add(times, ins, StepProduct.linear(Role.EXPERTS_IN, e, rows, d, f));
                add(times, 1, StepProduct.linear(Role.EXPERTS_OUT, e, rows, f, d));
            }
            if (dense > 0) {
                add(times, ins, StepProduct.linear(Role.DENSE_IN, 1, n, d, dense));
                add(times, 1, StepProduct.linear(Role.DENSE_OUT, 1, n, dense, d));
            }
        }
        add(times, 1, StepProduct.linear(Role.GENERATOR, 1, n, d, vocabulary));
        return new StepProducts(times);
    }

    private static void add(Map<StepProduct, Integer> times, int count, List<StepProduct> products) {
        products.forEach(product -> times.merge(product, count, Integer::sum));
    }

    /** Without gradients. */
    StepProducts forwardOnly() {
        Map<StepProduct, Integer> forward = new LinkedHashMap<>(times);
        forward.keySet().removeIf(product -> product.direction() != Direction.FORWARD);
        return new StepProducts(forward);
    }

    /** Floating-point operations of all of them. */
    double flop() {
        return times.entrySet().stream()
                .mapToDouble(entry -> entry.getKey().flop() * entry.getValue())
                .sum();
    }
}
