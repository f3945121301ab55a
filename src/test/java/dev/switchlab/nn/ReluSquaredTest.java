package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.ModelConfig.Activation;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code y = max(0, x W_1^T + b_1)^2 W_2^T + b_2}, gated {@code y = (max(0, x W_1^T + b_1)^2 * (x W_v^T + b_v)) W_2^T +
 * b_2}, in doubles and with its numerical gradient, against plain and fused networks.
 */
class ReluSquaredTest {

    private static final int ROWS = 6;
    private static final int D = 3;
    private static final int F = 5;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isTheFormula(boolean gated) {
        try (NDManager manager = NDManager.newBaseManager()) {
            FeedForward block = Modules.initialize(
                    new FeedForward(new FeedForwardConfig(D, F, Activation.RELU2, gated, true, true, true, 0)),
                    manager,
                    5);
            NDArray x = Modules.random(manager, 6, ROWS, D); // (R, D)
            double[] c = Numerical.doubles(Modules.random(manager, 7, ROWS, D).toFloatArray()); // of the loss
            Map<String, double[]> at = new LinkedHashMap<>();
            StateDict.of(block).weights().forEach((name, weight) -> at.put(name, Numerical.doubles(weight.values())));
            at.put("input", Numerical.doubles(x.toFloatArray()));
            Map<String, float[]> expected = new LinkedHashMap<>();
            expected.put("y", Numerical.floats(network(at, gated)));
            at.forEach((name, values) -> expected.put(name, Numerical.gradient(values, moved -> {
                Map<String, double[]> all = new LinkedHashMap<>(at);
                all.put(name, moved);
                return Numerical.dot(c, network(all, gated));
            })));
            Forms.agree(Forms.run(block, Pass::plain, x, block::apply), expected, Forms.FLOAT32, "plain");
            Forms.agree(
                    Forms.run(block, Forms.fused(ProductKernel.MATRIX), x, block::apply),
                    expected,
                    Forms.FLOAT32,
                    "fused");
            block.clear();
        }
    }

    private static double[] network(Map<String, double[]> at, boolean gated) {
        double[] hidden = linear(at, "layer1", at.get("input"), D, F);
        for (int i = 0; i < hidden.length; i++) {
            hidden[i] = hidden[i] > 0 ? hidden[i] * hidden[i] : 0;
        }
        if (gated) {
            double[] gate = linear(at, "linear_v", at.get("input"), D, F);
            for (int i = 0; i < hidden.length; i++) {
                hidden[i] *= gate[i];
            }
        }
        return linear(at, "layer2", hidden, F, D);
    }

    /** (R, in) to (R, out). */
    private static double[] linear(Map<String, double[]> at, String layer, double[] x, int in, int out) {
        double[] w = at.get(layer + ".weight"); // (out, in)
        double[] y = new double[x.length / in * out];
        for (int i = 0; i < y.length; i++) {
            y[i] = at.get(layer + ".bias")[i % out];
            for (int j = 0; j < in; j++) {
                y[i] += x[i / out * in + j] * w[i % out * in + j];
            }
        }
        return y;
    }
}
