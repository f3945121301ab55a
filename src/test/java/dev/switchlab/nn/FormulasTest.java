package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig.Activation;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.nn.kernel.ProductKernel;
import dev.switchlab.nn.kernel.Script;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Both forms of blocks that the reference does not have, against their formulas in double precision. Gradients are
 * central differences: an oracle that knows the formula forward and nothing else.
 */
class FormulasTest {

    /** Errors of rounding (1e-16 / STEP) and of the third derivative (STEP^2) are both near 1e-10. */
    private static final double STEP = 1e-5;

    private static final double EPSILON = 1e-5f;

    private static final Script LIBTORCH = Script.of("script_test");

    /** With a scale of 0.003 the epsilon is as large as the mean square. */
    @ParameterizedTest(name = "{0} times {1}")
    @CsvSource({"1 1 1, 1", "1 1 2, 1", "2 3 7, 1", "2 3 7, 0.003", "5 8, 100", "17 33, 1"})
    void rmsNorm(String text, float scale) {
        long[] shape = Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
        try (NDManager manager = NDManager.newBaseManager()) {
            RmsNormLayer block = Modules.initialize(new RmsNormLayer((int) shape[shape.length - 1]), manager, 5);
            Forms.move(block);
            float[] values = Modules.random(manager, 6, shape).toFloatArray();
            for (int i = 0; i < values.length; i++) {
                values[i] *= scale;
            }
            NDArray x = manager.create(values, new Shape(shape)); // (..., D)
            NDArray weight =
                    manager.create(StateDict.of(block).weights().get("weight").values()); // (D)
            Map<String, float[]> expected =
                    agrees(block, x, scale, block::forward, at -> normed(at.get("input"), at.get("weight")));
            assertThat(LIBTORCH.tensor(manager, "libtorch_rms_norm", x, weight).toFloatArray())
                    .containsExactly(expected.get("y"), within(1e-4f));
        }
    }

    /**
     * {@code y = max(0, x W_1^T + b_1)^2 W_2^T + b_2}, gated {@code y = (max(0, x W_1^T + b_1)^2 * (x W_v^T + b_v))
     * W_2^T + b_2}.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void squaredRelu(boolean gated) {
        try (NDManager manager = NDManager.newBaseManager()) {
            FeedForward block = Modules.initialize(
                    new FeedForward(new FeedForwardConfig(3, 5, Activation.RELU2, gated, true, true, true, 0)),
                    manager,
                    5);
            agrees(block, Modules.random(manager, 6, 6, 3), 1, block::apply, at -> squaredRelu(at, gated));
        }
    }

    private static double[] squaredRelu(Map<String, double[]> at, boolean gated) {
        double[] hidden = linear(at, "layer1", at.get("input"));
        double[] gate = gated ? linear(at, "linear_v", at.get("input")) : new double[0];
        for (int i = 0; i < hidden.length; i++) {
            hidden[i] = (hidden[i] > 0 ? hidden[i] * hidden[i] : 0) * (gated ? gate[i] : 1);
        }
        return linear(at, "layer2", hidden);
    }

    /** Causal attention with {@code q = turn(w_q q / sqrt(mean(q^2) + eps))} per head, and keys alike. */
    @ParameterizedTest
    @EnumSource(names = {"NONE", "ROTARY"})
    void attentionWithNormsOfQueriesAndKeys(Positions positions) {
        int seq = 4;
        int heads = 2;
        int width = 4;
        try (NDManager manager = NDManager.newBaseManager()) {
            MultiHeadAttention block = Modules.initialize(
                    new MultiHeadAttention(heads, heads * width, 0, true, positions, true), manager, 5);
            Forms.move(block);
            AttentionMask mask = AttentionMask.causal(manager, seq);
            agrees(
                    block,
                    Modules.random(manager, 6, seq, 2, (long) heads * width),
                    1,
                    (pass, z) -> block.forward(pass, z, z, z, mask),
                    at -> attention(at, positions, seq, width));
        }
    }

    /** x (S, B, D) as (S, B * H, W). */
    private static double[] attention(Map<String, double[]> at, Positions positions, int seq, int width) {
        double[] x = at.get("input");
        int row = x.length / seq; // B * D
        double[] q = prepared(linear(at, "query.linear", x), at.get("q_norm.weight"), positions, row);
        double[] k = prepared(linear(at, "key.linear", x), at.get("k_norm.weight"), positions, row);
        double[] v = linear(at, "value.linear", x);
        double[] mixed = new double[x.length];
        for (int head = 0; head < row; head += width) {
            for (int s = 0; s < seq; s++) {
                double[] weights = new double[s + 1];
                for (int t = 0; t <= s; t++) {
                    double score = 0;
                    for (int w = head; w < head + width; w++) {
                        score += q[s * row + w] * k[t * row + w];
                    }
                    weights[t] = Math.exp(score / Math.sqrt(width));
                }
                double sum = Arrays.stream(weights).sum();
                for (int t = 0; t <= s; t++) {
                    for (int w = head; w < head + width; w++) {
                        mixed[s * row + w] += weights[t] / sum * v[t * row + w];
                    }
                }
            }
        }
        return linear(at, "output", mixed);
    }

    /** Each head's vector normalized, and turned by its position. */
    private static double[] prepared(double[] x, double[] factors, Positions positions, int row) {
        double[] all = normed(x, factors);
        int half = factors.length / 2;
        for (int from = 0; from < all.length && positions == Positions.ROTARY; from += 2 * half) {
            for (int i = from; i < from + half; i++) {
                int position = from / row;
                double angle = position * Math.pow(10_000, -(double) (i - from) / half);
                double a = all[i];
                double b = all[i + half];
                all[i] = a * Math.cos(angle) - b * Math.sin(angle);
                all[i + half] = a * Math.sin(angle) + b * Math.cos(angle);
            }
        }
        return all;
    }

    private static double[] normed(double[] x, double[] w) {
        double[] y = new double[x.length];
        for (int row = 0; row < x.length; row += w.length) {
            double square = dot(Arrays.copyOfRange(x, row, row + w.length), Arrays.copyOfRange(x, row, row + w.length));
            for (int i = 0; i < w.length; i++) {
                y[row + i] = x[row + i] / Math.sqrt(square / w.length + EPSILON) * w[i];
            }
        }
        return y;
    }

    /** (R, in) to (R, out). */
    private static double[] linear(Map<String, double[]> at, String layer, double[] x) {
        double[] w = at.get(layer + ".weight"); // (out, in)
        double[] b = at.get(layer + ".bias"); // (out)
        int in = w.length / b.length;
        double[] y = new double[x.length / in * b.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = b[i % b.length];
            for (int j = 0; j < in; j++) {
                y[i] += x[i / b.length * in + j] * w[i % b.length * in + j];
            }
        }
        return y;
    }

    /**
     * Output and gradients of both forms are those of a formula.
     *
     * @param scale of the input: a step of its difference is small beside it
     * @param formula of the weights by name, and the "input"
     * @return the formula's
     */
    private static Map<String, float[]> agrees(
            LabBlock block,
            NDArray x,
            double scale,
            BiFunction<ForwardContext, NDArray, NDArray> forward,
            Function<Map<String, double[]>, double[]> formula) {
        Map<String, double[]> at = new LinkedHashMap<>();
        StateDict.of(block).weights().forEach((name, weight) -> at.put(name, doubles(weight.values())));
        at.put("input", doubles(x.toFloatArray()));
        double[] y = formula.apply(at);
        double[] c = doubles(Modules.random(x.getManager(), 7, y.length).toFloatArray()); // of the loss
        Map<String, float[]> expected = new LinkedHashMap<>();
        expected.put("y", floats(y));
        at.forEach((name, values) ->
                expected.put(name, gradient(values, name.equals("input") ? STEP * scale : STEP, moved -> {
                    Map<String, double[]> all = new LinkedHashMap<>(at);
                    all.put(name, moved);
                    return dot(c, formula.apply(all));
                })));
        Forms.agree(Forms.run(block, Forms.PLAIN, x, forward), expected, Forms.FLOAT32, "plain");
        Forms.agree(Forms.run(block, Forms.by(ProductKernel.MATRIX), x, forward), expected, Forms.FLOAT32, "kernels");
        block.clear();
        return expected;
    }

    private static float[] gradient(double[] at, double step, ToDoubleFunction<double[]> f) {
        double[] moved = at.clone();
        double[] gradient = new double[at.length];
        for (int i = 0; i < at.length; i++) {
            moved[i] = at[i] + step;
            double above = f.applyAsDouble(moved);
            moved[i] = at[i] - step;
            gradient[i] = (above - f.applyAsDouble(moved)) / (2 * step);
            moved[i] = at[i];
        }
        return floats(gradient);
    }

    /** {@code sum a_i b_i}. */
    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double[] doubles(float... values) {
        double[] doubles = new double[values.length];
        Arrays.setAll(doubles, i -> values[i]);
        return doubles;
    }

    private static float[] floats(double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
