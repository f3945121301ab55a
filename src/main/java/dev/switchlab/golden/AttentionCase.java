package dev.switchlab.golden;

import ai.djl.ndarray.NDArray;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.MultiHeadAttention;
import dev.switchlab.safetensors.Tensor;
import java.util.Map;

/**
 * Multi-head attention.
 *
 * @param heads number of heads
 * @param dModel features
 * @param bias whether query and key have biases
 */
record AttentionCase(CaseFile file, int heads, int dModel, boolean bias) implements GoldenCase {

    static AttentionCase of(CaseFile file) {
        file.onlyInputs("x", "kv", "w", "mask");
        CaseConfig config = file.config();
        int dModel = config.size("d_model");
        Architecture.checkSize(file, "d_model", "query.linear.weight", 1);
        return new AttentionCase(file, config.size("heads"), dModel, config.flag("bias"));
    }

    @Override
    public boolean dispatches() {
        return false;
    }

    @Override
    public Map<String, Tensor> replay(Form form, Place place) {
        MultiHeadAttention block = new MultiHeadAttention(heads, dModel, 0, bias, Positions.NONE);
        try (Workbench<MultiHeadAttention> bench = new Workbench<>(block, file, place, form)) {
            return bench.run(DropPolicy.byPosition(), run -> {
                NDArray x = run.input("x"); // (Q, B, D)
                NDArray kv = file.inputs().containsKey("kv") ? run.input("kv") : x; // (M, B, D)
                MultiHeadAttention.Output output = block.forward(run.pass(), x, kv, kv, run.mask());
                run.output("y", output.y());
                run.output("attn", inOrderOfTheReference(output.weights()));
                return run.weighed(output.y());
            });
        }
    }

    /** From (B * H, Q, M) to the reference's (Q, M, B, H). */
    private Tensor inOrderOfTheReference(NDArray weights) {
        long[] shape = weights.getShape().getShape();
        int queries = (int) shape[1];
        int keys = (int) shape[2];
        int batch = (int) shape[0] / heads;
        float[] from = weights.toFloatArray();
        float[] to = new float[from.length];
        int at = 0;
        for (int q = 0; q < queries; q++) {
            for (int k = 0; k < keys; k++) {
                for (int bh = 0; bh < batch * heads; bh++) {
                    to[at++] = from[(bh * queries + q) * keys + k];
                }
            }
        }
        return Tensor.of(to, queries, keys, batch, heads);
    }
}
