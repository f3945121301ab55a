package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Causal attention with {@code q = turn(w_q q / sqrt(mean(q^2) + eps))} per head, and keys alike, in doubles and with
 * its numerical gradient, against the plain and the fused form.
 */
class QkNormTest {

    private static final int S = 4;
    private static final int B = 2;
    private static final int H = 2;
    private static final int W = 4;
    private static final int D = H * W;

    @ParameterizedTest
    @EnumSource(names = {"NONE", "ROTARY"})
    void isTheFormula(Positions positions) {
        try (NDManager manager = NDManager.newBaseManager()) {
            MultiHeadAttention block =
                    Modules.initialize(new MultiHeadAttention(H, D, 0, true, positions, true), manager, 5);
            Forms.move(block);
            NDArray x = Modules.random(manager, 6, S, B, D);
            double[] c = Numerical.doubles(Modules.random(manager, 7, S, B, D).toFloatArray()); // of the loss
            Map<String, double[]> at = new LinkedHashMap<>();
            StateDict.of(block).weights().forEach((name, weight) -> at.put(name, Numerical.doubles(weight.values())));
            at.put("input", Numerical.doubles(x.toFloatArray()));
            Map<String, float[]> expected = new LinkedHashMap<>();
            expected.put("y", Numerical.floats(attention(at, positions)));
            at.forEach((name, values) -> expected.put(name, Numerical.gradient(values, moved -> {
                Map<String, double[]> all = new LinkedHashMap<>(at);
                all.put(name, moved);
                return Numerical.dot(c, attention(all, positions));
            })));
            AttentionMask mask = AttentionMask.causal(manager, S);
            BiFunction<Pass, NDArray, NDArray> forward =
                    (pass, z) -> block.forward(pass, z, z, z, mask).y();
            Forms.agree(Forms.run(block, Pass::plain, x, forward), expected, Forms.FLOAT32, "plain");
            Forms.agree(
                    Forms.run(block, Forms.fused(ProductKernel.MATRIX), x, forward), expected, Forms.FLOAT32, "fused");
            block.clear();
        }
    }

    /** (S, B, D) to the same. */
    private static double[] attention(Map<String, double[]> at, Positions positions) {
        double[] x = at.get("input");
        double[] q = linear(at, "query.linear", x);
        double[] k = linear(at, "key.linear", x);
        double[] v = linear(at, "value.linear", x);
        double[] mixed = new double[x.length];
        for (int head = 0; head < B * H; head++) {
            for (int s = 0; s < S; s++) {
                prepare(q, s * B * D + head * W, at.get("q_norm.weight"), positions, s);
                prepare(k, s * B * D + head * W, at.get("k_norm.weight"), positions, s);
            }
            for (int s = 0; s < S; s++) {
                double[] weights = new double[s + 1];
                double sum = 0;
                for (int t = 0; t <= s; t++) {
                    double score = 0;
                    for (int w = 0; w < W; w++) {
                        score += q[s * B * D + head * W + w] * k[t * B * D + head * W + w];
                    }
                    weights[t] = Math.exp(score / Math.sqrt(W));
                    sum += weights[t];
                }
                for (int t = 0; t <= s; t++) {
                    for (int w = 0; w < W; w++) {
                        mixed[s * B * D + head * W + w] += weights[t] / sum * v[t * B * D + head * W + w];
                    }
                }
            }
        }
        return linear(at, "output", mixed);
    }

    /** Normalises one head's vector of one position, and turns it. */
    private static void prepare(double[] all, int from, double[] factors, Positions positions, int position) {
        double square = 0;
        for (int w = 0; w < W; w++) {
            square += all[from + w] * all[from + w];
        }
        double root = Math.sqrt(square / W + 1e-5f);
        for (int w = 0; w < W; w++) {
            all[from + w] *= factors[w] / root;
        }
        for (int i = 0; i < W / 2 && positions == Positions.ROTARY; i++) {
            double angle = position * Math.pow(10_000, -2.0 * i / W);
            double a = all[from + i];
            double b = all[from + i + W / 2];
            all[from + i] = a * Math.cos(angle) - b * Math.sin(angle);
            all[from + i + W / 2] = a * Math.sin(angle) + b * Math.cos(angle);
        }
    }

    private static double[] linear(Map<String, double[]> at, String layer, double[] x) {
        double[] w = at.get(layer + ".weight"); // (D, D)
        double[] y = new double[x.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = at.get(layer + ".bias")[i % D];
            for (int j = 0; j < D; j++) {
                y[i] += x[i / D * D + j] * w[i % D * D + j];
            }
        }
        return y;
    }
}
