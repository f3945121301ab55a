package dev.switchlab.bench;

import dev.switchlab.bench.StepProducts.StepProduct.Direction;
import dev.switchlab.bench.StepProducts.StepProduct.Role;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

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

    /** Floating-point operations of all products. */
    double flop() {
        return sum(StepProduct::flop);
    }

    /** The sum of a value over all products of the step. */
    double sum(ToDoubleFunction<StepProduct> value) {
        return times.entrySet().stream()
                .mapToDouble(entry -> value.applyAsDouble(entry.getKey()) * entry.getValue())
                .sum();
    }

    /**
     * A matrix product of a training step: {@code groups} products (m, k) x (k, n).
     *
     * @param role which layer it belongs to
     * @param direction forward, or which gradient
     * @param layout how its factors lie in memory
     * @param groups products of one shape: experts, or heads of all sequences
     * @param m rows of the result
     * @param k what is summed over
     * @param n columns of the result
     */
    record StepProduct(Role role, Direction direction, Layout layout, int groups, int m, int k, int n) {

        /** Layers with products. */
        enum Role {
            /** The three projections as one product. */
            QUERY_KEY_VALUE,
            ATTENTION_SCORES,
            ATTENTION_MIX,
            ATTENTION_OUTPUT,
            ROUTER,
            /** The experts' first layers, and gates where they are gated. */
            EXPERTS_IN,
            EXPERTS_OUT,
            /** The first layer of a dense or shared network. */
            DENSE_IN,
            DENSE_OUT,
            /** Features to logits. */
            GENERATOR;

            boolean isAttention() {
                return this == ATTENTION_SCORES || this == ATTENTION_MIX;
            }
        }

        /** The result of a product; gradients are those of the layer's input and of its weight. */
        enum Direction {
            FORWARD,
            DATA_GRADIENT,
            WEIGHT_GRADIENT
        }

        /** Factors as they lie in memory. */
        enum Layout {
            /** (m, k) and (n, k): a layer forward, its weight stored (out, in). */
            NT,
            /** (m, k) and (k, n): its data gradient. */
            NN,
            /** (k, m) and (k, n): its weight gradient. */
            TN
        }

        /** {@code y = x W^T} with x (rows, in) and W (out, in) per group, and its two gradients. */
        static List<StepProduct> linear(Role role, int groups, int rows, int in, int out) {
            return List.of(
                    new StepProduct(role, Direction.FORWARD, Layout.NT, groups, rows, in, out),
                    new StepProduct(role, Direction.DATA_GRADIENT, Layout.NN, groups, rows, out, in),
                    new StepProduct(role, Direction.WEIGHT_GRADIENT, Layout.TN, groups, out, rows, in));
        }

        /** {@code y = a v} with a (rows, in) and v (in, out) per group, and its two gradients. */
        static List<StepProduct> mix(Role role, int groups, int rows, int in, int out) {
            return List.of(
                    new StepProduct(role, Direction.FORWARD, Layout.NN, groups, rows, in, out),
                    new StepProduct(role, Direction.DATA_GRADIENT, Layout.NT, groups, rows, out, in),
                    new StepProduct(role, Direction.WEIGHT_GRADIENT, Layout.TN, groups, in, rows, out));
        }

        /** Floating-point operations: a multiplication and an addition for each term. */
        double flop() {
            return 2.0 * groups * m * k * n;
        }
    }
}
