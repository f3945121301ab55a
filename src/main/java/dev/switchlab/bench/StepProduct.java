package dev.switchlab.bench;

import java.util.List;

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
        /** Query, key and value projections, as one product. */
        QUERY_KEY_VALUE,
        /** Queries by keys. */
        ATTENTION_SCORES,
        /** Attention weights by values. */
        ATTENTION_MIX,
        /** The projection behind attention. */
        ATTENTION_OUTPUT,
        /** Tokens to the experts' scores. */
        ROUTER,
        /** The experts' first layers (and gates, where they are gated). */
        EXPERTS_IN,
        /** The experts' second layers. */
        EXPERTS_OUT,
        /** First layer of a dense or shared network. */
        DENSE_IN,
        /** Its second layer. */
        DENSE_OUT,
        /** Features to logits. */
        GENERATOR;

        boolean isAttention() {
            return this == ATTENTION_SCORES || this == ATTENTION_MIX;
        }
    }

    /** What the product gives. */
    enum Direction {
        /** The layer's output. */
        FORWARD,
        /** The gradient of its input. */
        DATA_GRADIENT,
        /** The gradient of its weight. */
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
