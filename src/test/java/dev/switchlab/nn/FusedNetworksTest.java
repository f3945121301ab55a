package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import dev.switchlab.experiment.ModelConfig.Activation;
import dev.switchlab.experiment.ModelConfig.Norm;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@link dev.switchlab.nn.kernel.ExpertsKernel} and {@link dev.switchlab.nn.kernel.NormKernel} against plain operators:
 * output and every gradient, with each kernel.
 */
class FusedNetworksTest {

    private static final int D = 3;

    private static FeedForwardConfig config(Activation activation, boolean gated, boolean bias) {
        return new FeedForwardConfig(D, 5, activation, gated, bias, bias, bias, 0);
    }

    /** All kernels; with relu, whose gradient jumps where bfloat16 moves what goes in over zero, those in float32. */
    private static List<ProductKernel> kernels(Activation activation) {
        return activation == Activation.RELU ? Forms.IN_FLOAT32 : List.of(ProductKernel.values());
    }

    /**
     * One row, one expert, experts without rows, and rows that make more than one block: 512, and a rest of up to 767.
     */
    @ParameterizedTest(name = "rows from {0}, {1}, gated {2}, bias {3}")
    @CsvSource({
        "0 1,                    RELU,    false, true",
        "0 0 1 1,                GELU,    true,  true",
        "0 3 3 10,               SILU,    true,  false",
        "0 1300 1301 1301 2069,  RELU,    false, true",
        "0 768,                  SIGMOID, false, false",
        "0 0 767 2048,           GELU,    true,  true",
        "0 513 1282,             SIGMOID, true,  true",
        "0 1024 1025,            SILU,    false, true",
        "0 3 3 900,              RELU2,   false, true",
        "0 0 767 2048,           RELU2,   true,  false",
    })
    void expertsArePlainExperts(String text, Activation activation, boolean gated, boolean bias) {
        long[] offsets =
                Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
        try (NDManager manager = NDManager.newBaseManager()) {
            Experts block =
                    Modules.initialize(new Experts(offsets.length - 1, config(activation, gated, bias)), manager, 5);
            NDArray x = Modules.random(manager, 6, offsets[offsets.length - 1], D); // (R, D)
            Map<String, float[]> plain =
                    Forms.run(block, Pass::plain, x, (pass, z) -> oneByOne(block, pass, z, offsets));
            for (ProductKernel kernel : kernels(activation)) {
                Map<String, float[]> fused = Forms.run(block, Forms.fused(kernel), x, (pass, z) -> {
                    Networks.Run run = block.networks()
                            .run(pass, z, offsets, pass.kernels().experts());
                    pass.record(run.y(), dy -> pass.add(z, run.backward(dy)));
                    return run.y();
                });
                Forms.agree(fused, plain, Forms.tolerance(kernel), kernel.name());
            }
            block.clear();
        }
    }

    private static NDArray oneByOne(Experts experts, Pass pass, NDArray x, long[] offsets) {
        NDList outputs = new NDList();
        for (int e = 0; e + 1 < offsets.length; e++) {
            if (offsets[e] < offsets[e + 1]) {
                NDArray rows = x.get(new NDIndex(offsets[e] + ":" + offsets[e + 1])); // (n, D)
                outputs.add(experts.forwardOne(pass, e, rows));
            }
        }
        return outputs.size() == 1 ? outputs.head() : NDArrays.concat(outputs, 0); // (R, D)
    }

    /** A single network: its weights have no axis of experts. */
    @ParameterizedTest(name = "{0} x {1}, {2}, gated {3}, bias {4}")
    @CsvSource({
        "1,   1, SILU, true,  true",
        "5,   3, GELU, false, false",
        "333, 4, SILU, true,  true",
        "333, 4, RELU2, false, true",
        "7,   3, RELU2, true, true",
    })
    void aDenseNetworkIsAPlainOne(int s, int b, Activation activation, boolean gated, boolean bias) {
        try (NDManager manager = NDManager.newBaseManager()) {
            FeedForward block = Modules.initialize(new FeedForward(config(activation, gated, bias)), manager, 5);
            NDArray x = Modules.random(manager, 6, s, b, D); // (S, B, D)
            Map<String, float[]> plain = Forms.run(block, Pass::plain, x, block::apply);
            for (ProductKernel kernel : ProductKernel.values()) {
                Map<String, float[]> fused = Forms.run(block, Forms.fused(kernel), x, block::apply);
                Forms.agree(fused, plain, Forms.tolerance(kernel), kernel.name());
            }
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
    void normsArePlainNorms(Norm norm, String text) {
        long[] shape = Arrays.stream(text.split(" ")).mapToLong(Long::parseLong).toArray();
        try (NDManager manager = NDManager.newBaseManager()) {
            NormLayer block = Modules.initialize(NormLayer.of(norm, (int) shape[shape.length - 1]), manager, 5);
            Forms.move(block);
            NDArray x = Modules.random(manager, 6, shape); // (..., D)
            Map<String, float[]> plain = Forms.run(block, Pass::plain, x, block::forward);
            Map<String, float[]> fused = Forms.run(block, Forms.fused(ProductKernel.MATRIX), x, block::forward);
            Forms.agree(fused, plain, Forms.FLOAT32, "fused");
            block.clear();
        }
    }
}
