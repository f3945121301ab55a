package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@link dev.switchlab.nn.kernel.AttentionKernel} against plain operators: output and every gradient, with each kernel.
 */
class FusedAttentionTest {

    /** With 300 positions two heads' scores make a block: three sequences are a block and a half. */
    @ParameterizedTest(name = "{0} x {1} x {2}, {3} heads, mask {4}, positions {5}, bias {6}, norms {7}")
    @CsvSource({
        "1,   1, 4,  1, none,      NONE,    true,  false",
        "1,   3, 8,  2, causal,    ROTARY,  true,  false",
        "7,   5, 12, 3, causal,    ROTARY,  false, false",
        "5,   2, 6,  1, none,      LEARNED, true,  false",
        "6,   4, 8,  4, sequences, NONE,    true,  false",
        "6,   4, 8,  2, keys,      ROTARY,  true,  false",
        "6,   4, 8,  2, common,    NONE,    false, false",
        "300, 3, 2,  1, sequences, ROTARY,  true,  false",
        "1,   1, 4,  1, none,      NONE,    true,  true",
        "7,   5, 12, 3, causal,    ROTARY,  false, true",
        "6,   4, 8,  2, sequences, LEARNED, true,  true",
        "300, 3, 4,  1, causal,    ROTARY,  true,  true",
    })
    void isPlainAttention(
            int s, int b, int d, int heads, String mask, Positions positions, boolean bias, boolean norms) {
        try (NDManager manager = NDManager.newBaseManager()) {
            MultiHeadAttention block =
                    Modules.initialize(new MultiHeadAttention(heads, d, 0, bias, positions, norms), manager, 5);
            if (norms) {
                Forms.move(block);
            }
            NDArray x = Modules.random(manager, 6, s, b, d); // (S, B, D)
            AttentionMask allowed = mask(manager, mask, s, b);
            Map<String, float[]> plain = Forms.run(
                    block,
                    Pass::plain,
                    x,
                    (pass, z) -> block.forward(pass, z, z, z, allowed).y());
            for (ProductKernel kernel : ProductKernel.values()) {
                Map<String, float[]> fused = Forms.run(
                        block,
                        Forms.fused(kernel),
                        x,
                        (pass, z) -> block.forward(pass, z, z, z, allowed).y());
                Forms.agree(fused, plain, Forms.tolerance(kernel), kernel.name());
            }
            block.clear();
        }
    }

    /** Each query may see itself, or where one row holds for all, the first key: nobody sees nothing. */
    private static AttentionMask mask(NDManager manager, String kind, int s, int b) {
        return switch (kind) {
            case "none" -> null;
            case "causal" -> AttentionMask.causal(manager, s);
            case "sequences" -> AttentionMask.of(allowed(manager, s, s, b));
            case "keys" -> AttentionMask.of(allowed(manager, 1, s, b));
            default -> AttentionMask.of(allowed(manager, 1, s, 1));
        };
    }

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
