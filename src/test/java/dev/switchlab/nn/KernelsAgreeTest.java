package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig.Activation;
import dev.switchlab.experiment.ModelConfig.Norm;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each block by each kernel against plain operators: output and every gradient. Switch layers:
 * {@link RouterPropertiesTest}; whole models: {@link ModelFormsTest}.
 */
class KernelsAgreeTest {

    private static final int D = 3;

    private static final List<ProductKernel> ALL = List.of(ProductKernel.values());

    private static FeedForwardConfig config(Activation activation, boolean gated, boolean bias, double dropout) {
        return new FeedForwardConfig(D, 5, activation, gated, bias, bias, bias, dropout);
    }

    /**
     * One row, one expert, experts without rows, and rows that make more than one block: 512, and a rest of up to 767.
     * Dropout is drawn for all rows at once by kernels, and per expert by plain operators: like draws for one expert.
     */
    @ParameterizedTest(name = "rows from {0}, {1}, gated {2}, bias {3}, dropout {4}")
    @CsvSource({
        "0 1,                    RELU,    false, true,  0",
        "0 0 1 1,                GELU,    true,  true,  0",
        "0 3 3 10,               SILU,    true,  false, 0",
        "0 1300 1301 1301 2069,  RELU,    false, true,  0",
        "0 768,                  SIGMOID, false, false, 0",
        "0 0 767 2048,           GELU,    true,  true,  0",
        "0 513 1282,             SIGMOID, true,  true,  0",
        "0 1024 1025,            SILU,    false, true,  0",
        "0 3 3 900,              RELU2,   false, true,  0",
        "0 0 767 2048,           RELU2,   true,  false, 0",
        "0 1300,                 GELU,    false, true,  0.3",
        "0 1300,                 SILU,    true,  true,  0.3",
        "0 5,                    RELU2,   true,  false, 0.5",
    })
    void experts(String text, Activation activation, boolean gated, boolean bias, double dropout) {
        long[] offsets =
                Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
        // Where bfloat16 moves what goes into relu over zero, the gradient jumps.
        List<ProductKernel> kernels = activation == Activation.RELU ? Forms.IN_FLOAT32 : ALL;
        try (NDManager manager = NDManager.newBaseManager()) {
            Experts block = Modules.initialize(
                    new Experts(offsets.length - 1, config(activation, gated, bias, dropout)), manager, 5);
            NDArray x = Modules.random(manager, 6, offsets[offsets.length - 1], D); // (R, D)
            Forms.agree(
                    block,
                    x,
                    kernels,
                    (pass, z) -> oneByOne(block, pass, z, offsets),
                    (pass, z) -> pass.graph().cut().through(z, block.grouped(pass, offsets)));
            block.clear();
        }
    }

    private static NDArray oneByOne(Experts experts, ForwardContext pass, NDArray x, long[] offsets) {
        NDList outputs = new NDList();
        for (int e = 0; e + 1 < offsets.length; e++) {
            if (offsets[e] < offsets[e + 1]) {
                NDArray rows = x.get(new NDIndex(offsets[e] + ":" + offsets[e + 1])); // (n, D)
                outputs.add(experts.forwardOne(pass, e, rows));
            }
        }
        return outputs.size() == 1 ? outputs.head() : NDArrays.concat(outputs, 0); // (R, D)
    }

    /** Each expert sees one token many times: outputs and gradients are those without dropout in the mean alone. */
    @Test
    void dropoutOfExpertsChangesNoMean() {
        int n = 4000;
        float[][] means = new float[2][];
        float[][] gradients = new float[2][];
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray x = Modules.random(manager, 6, 2, 1, D)
                    .broadcast(new Shape(2, n, D))
                    .reshape(2L * n, D); // (R, D)
            for (int i = 0; i < 2; i++) {
                Experts block =
                        Modules.initialize(new Experts(2, config(Activation.GELU, true, true, 0.4 * i)), manager, 5);
                NDArray input = x.duplicate();
                float[][] y = new float[1][];
                Forms.gradients(block, manager, Forms.by(ProductKernel.MATRIX), input, pass -> {
                    NDArray rows = pass.graph().cut().through(input, block.grouped(pass, new long[] {0, n, 2L * n}));
                    y[0] = rows.toFloatArray();
                    return rows.sum();
                });
                means[i] = mean(y[0], n);
                gradients[i] = mean(input.getGradient().toFloatArray(), n);
                assertThat(y[0][0] == y[0][D]).isEqualTo(i == 0);
                block.clear();
            }
        }
        assertThat(means[1]).containsExactly(means[0], within(0.02f));
        assertThat(gradients[1]).containsExactly(gradients[0], within(0.02f));
    }

    /** Both forms multiply by these factors. */
    @Test
    void dropoutDropsItsShare() {
        try (NDManager manager = NDManager.newBaseManager()) {
            LinearLayer block = Modules.initialize(new LinearLayer(1, 1, false), manager, 5);
            ForwardContext pass = ForwardContext.training(
                    manager, new StepWeights(manager, block, false), DropPolicy.byPosition(), null);
            Shape shape = new Shape(4000, 5);
            for (List<NDArray> factors : List.of(
                    Activations.factors(pass, shape, 0.4),
                    Activations.factorsOfRows(pass, shape, 0.4),
                    Activations.factorsOfWeights(pass, shape, 0.4))) {
                float[] values = factors.get(0).toFloatArray();
                int dropped = 0;
                for (float value : values) {
                    dropped += value == 0 ? 1 : 0;
                    assertThat(value).isIn(0f, (float) (1 / 0.6));
                }
                assertThat((double) dropped / values.length).isCloseTo(0.4, within(0.02));
            }
            block.clear();
        }
    }

    /** Over the n rows of each expert: (E, D). */
    private static float[] mean(float[] rows, int n) {
        double[] sums = new double[rows.length / n];
        for (int i = 0; i < rows.length; i++) {
            sums[i / (n * D) * D + i % D] += rows[i];
        }
        float[] means = new float[sums.length];
        for (int i = 0; i < means.length; i++) {
            means[i] = (float) (sums[i] / n);
        }
        return means;
    }

    @ParameterizedTest(name = "{0} x {1}, {2}, gated {3}, bias {4}, dropout {5}")
    @CsvSource({
        "1,   1, SILU,  true,  true,  0",
        "5,   3, GELU,  false, false, 0",
        "333, 4, SILU,  true,  true,  0",
        "333, 4, RELU2, false, true,  0",
        "7,   3, RELU2, true,  true,  0",
        "33,  4, SILU,  true,  true,  0.3",
        "7,   3, GELU,  false, false, 0.5",
    })
    void denseNetwork(int s, int b, Activation activation, boolean gated, boolean bias, double dropout) {
        try (NDManager manager = NDManager.newBaseManager()) {
            FeedForward block =
                    Modules.initialize(new FeedForward(config(activation, gated, bias, dropout)), manager, 5);
            NDArray x = Modules.random(manager, 6, s, b, D); // (S, B, D)
            Forms.agree(block, x, ALL, block::apply, block::apply);
            block.clear();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "LAYER, 1 1 2",
        "LAYER, 1 1 7",
        "LAYER, 5 3 8",
        "LAYER, 17 33",
        "RMS, 1 1 2",
        "RMS, 5 3 8",
        "RMS, 300 33"
    })
    void norms(Norm norm, String text) {
        long[] shape = Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
        try (NDManager manager = NDManager.newBaseManager()) {
            NormLayer block = Modules.initialize(NormLayer.of(norm, (int) shape[shape.length - 1]), manager, 5);
            Forms.move(block);
            NDArray x = Modules.random(manager, 6, shape); // (..., D)
            Forms.agree(block, x, List.of(ProductKernel.MATRIX), block::forward, block::forward);
            block.clear();
        }
    }

    @ParameterizedTest(name = "{0} x {1} x {2}, {3} heads, mask {4}, positions {5}, bias {6}, norms {7}, dropout {8}")
    @CsvSource({
        "1,   1, 4,  1, none,      NONE,    true,  false, 0",
        "1,   3, 8,  2, causal,    ROTARY,  true,  false, 0",
        "7,   5, 12, 3, causal,    ROTARY,  false, false, 0",
        "5,   2, 6,  1, none,      LEARNED, true,  false, 0",
        "6,   4, 8,  4, sequences, NONE,    true,  false, 0",
        "6,   4, 8,  2, keys,      ROTARY,  true,  false, 0",
        "6,   4, 8,  2, common,    NONE,    false, false, 0",
        "300, 3, 2,  1, sequences, ROTARY,  true,  false, 0",
        "1,   1, 4,  1, none,      NONE,    true,  true,  0",
        "7,   5, 12, 3, causal,    ROTARY,  false, true,  0",
        "6,   4, 8,  2, sequences, LEARNED, true,  true,  0",
        "300, 3, 4,  1, causal,    ROTARY,  true,  true,  0",
        "7,   5, 12, 3, causal,    ROTARY,  true,  false, 0.3",
        "6,   4, 8,  2, none,      NONE,    false, false, 0.3",
        "6,   4, 8,  2, sequences, LEARNED, true,  true,  0.3",
        "6,   4, 8,  2, keys,      ROTARY,  true,  false, 0.5",
    })
    void attention(
            int s,
            int b,
            int d,
            int heads,
            String mask,
            Positions positions,
            boolean bias,
            boolean norms,
            double dropout) {
        try (NDManager manager = NDManager.newBaseManager()) {
            MultiHeadAttention block =
                    Modules.initialize(new MultiHeadAttention(heads, d, dropout, bias, positions, norms), manager, 5);
            if (norms) {
                Forms.move(block);
            }
            NDArray x = Modules.random(manager, 6, s, b, d); // (S, B, D)
            AttentionMask allowed = mask(manager, mask, s, b);
            Forms.agree(
                    block,
                    x,
                    ALL,
                    (pass, z) -> block.forward(pass, z, z, z, allowed),
                    (pass, z) -> block.forward(pass, z, z, z, allowed));
            if (dropout == 0) { // with which experiments refuse bfloat16
                Forms.agree(
                        Forms.run(block, Forms.ROUNDED, x, (pass, z) -> block.forward(pass, z, z, z, allowed)),
                        Forms.run(block, Forms.PLAIN, x, (pass, z) -> block.forward(pass, z, z, z, allowed)),
                        Forms.BFLOAT16,
                        "rounded");
            }
            block.clear();
        }
    }

    private static AttentionMask mask(NDManager manager, String kind, int s, int b) {
        return switch (kind) {
            case "none" -> null;
            case "causal" -> AttentionMask.causal(manager, s);
            case "sequences" -> AttentionMask.of(allowed(manager, s, s, b));
            case "keys" -> AttentionMask.of(allowed(manager, 1, s, b));
            default -> AttentionMask.of(allowed(manager, 1, s, 1));
        };
    }

    /** Each query may see itself, or where one row holds for all, the first key: nobody sees nothing. */
    private static NDArray allowed(NDManager manager, int queries, int keys, int batch) {
        SplittableRandom random = new SplittableRandom(8);
        boolean[] may = new boolean[queries * keys * batch];
        for (int q = 0; q < queries; q++) {
            for (int k = 0; k < keys; k++) {
                for (int b = 0; b < batch; b++) {
                    may[(q * keys + k) * batch + b] = q == k || random.nextBoolean();
                }
            }
        }
        return manager.create(may, new Shape(queries, keys, batch));
    }
}
