package dev.switchlab.golden;

import static dev.switchlab.golden.Workbench.array;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.golden.GoldenCase.AttentionCase;
import dev.switchlab.golden.GoldenCase.FeedForwardCase;
import dev.switchlab.golden.GoldenCase.LayerCase;
import dev.switchlab.golden.GoldenCase.SwitchCase;
import dev.switchlab.golden.GoldenCase.TransformerCase;
import dev.switchlab.nn.AttentionMask;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.FeedForward;
import dev.switchlab.nn.FeedForwardBlock;
import dev.switchlab.nn.LoadBalancingLoss;
import dev.switchlab.nn.MultiHeadAttention;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.SwitchFeedForward;
import dev.switchlab.nn.SwitchTransformer;
import dev.switchlab.nn.SwitchTransformerLayer;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import java.util.List;
import java.util.Map;

/** Replays of modules, whose loss is {@code (output * w).sum()} plus the load-balancing loss of their switch layers. */
final class ModuleReplays {

    private ModuleReplays() {}

    static Map<String, Tensor> feedForward(FeedForwardCase golden, DispatchForm dispatch, Device device) {
        CaseFile file = golden.file();
        try (Workbench<FeedForward> bench = new Workbench<>(new FeedForward(golden.network()), file.params(), device)) {
            return bench.run(DropPolicy.byPosition(), run -> {
                NDArray y = bench.block().apply(run.pass(), run.input(file, "x"));
                run.output("y", y);
                return weighed(run, file, y);
            });
        }
    }

    static Map<String, Tensor> attention(AttentionCase golden, DispatchForm dispatch, Device device) {
        CaseFile file = golden.file();
        MultiHeadAttention block =
                new MultiHeadAttention(golden.heads(), golden.dModel(), 0, golden.bias(), Positions.NONE);
        try (Workbench<MultiHeadAttention> bench = new Workbench<>(block, file.params(), device)) {
            return bench.run(DropPolicy.byPosition(), run -> {
                NDArray x = run.input(file, "x"); // (Q, B, D)
                NDArray kv = file.inputs().containsKey("kv") ? run.input(file, "kv") : x; // (M, B, D)
                MultiHeadAttention.Output output = block.forward(run.pass(), x, kv, kv, mask(run, file));
                run.output("y", output.y());
                run.output("attn", attention(output.weights(), golden.heads()));
                return weighed(run, file, output.y());
            });
        }
    }

    /** From (B * H, Q, M) to the reference's (Q, M, B, H). */
    private static Tensor attention(NDArray weights, int heads) {
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

    static Map<String, Tensor> switched(SwitchCase golden, DispatchForm dispatch, Device device) {
        CaseFile file = golden.file();
        ModelConfig model = golden.architecture().model(dispatch);
        Permutations permutations = new Permutations(file.permutations());
        try (Workbench<SwitchFeedForward> bench =
                new Workbench<>(new SwitchFeedForward(model, 0), file.params(), device)) {
            Map<String, Tensor> results = bench.run(permutations.policy(golden.architecture(), "", false), run -> {
                FeedForwardBlock.Output output = bench.block().forward(run.pass(), run.input(file, "x"));
                Routing routing = output.routing().orElseThrow();
                run.output("final_output", output.y());
                RoutingOutputs.single(routing).forEach(run::output);
                return balanced(run, file, output.y(), List.of(routing));
            });
            permutations.checkAllUsed();
            return results;
        }
    }

    static Map<String, Tensor> layer(LayerCase golden, DispatchForm dispatch, Device device) {
        CaseFile file = golden.file();
        Permutations permutations = new Permutations(file.permutations());
        SwitchTransformerLayer block =
                new SwitchTransformerLayer(golden.architecture().model(dispatch), 0);
        try (Workbench<SwitchTransformerLayer> bench = new Workbench<>(block, file.params(), device)) {
            Map<String, Tensor> results = bench.run(permutations.policy(golden.architecture(), "", true), run -> {
                FeedForwardBlock.Output output = block.forward(run.pass(), run.input(file, "x"), mask(run, file));
                Routing routing = output.routing().orElseThrow();
                run.output("x", output.y());
                RoutingOutputs.single(routing).forEach(run::output);
                return balanced(run, file, output.y(), List.of(routing));
            });
            permutations.checkAllUsed();
            return results;
        }
    }

    static Map<String, Tensor> transformer(TransformerCase golden, DispatchForm dispatch, Device device) {
        CaseFile file = golden.file();
        Permutations permutations = new Permutations(file.permutations());
        SwitchTransformer block = new SwitchTransformer(golden.architecture().model(dispatch));
        try (Workbench<SwitchTransformer> bench = new Workbench<>(block, file.params(), device)) {
            Map<String, Tensor> results = bench.run(permutations.policy(golden.architecture(), "", true), run -> {
                SwitchTransformer.Output output = block.forward(run.pass(), run.input(file, "x"), mask(run, file));
                run.output("x", output.y());
                RoutingOutputs.stacked(output.routing()).forEach(run::output);
                return balanced(run, file, output.y(), output.routing());
            });
            permutations.checkAllUsed();
            return results;
        }
    }

    private static AttentionMask mask(Workbench.Run run, CaseFile file) {
        return file.inputs().containsKey("mask")
                ? AttentionMask.of(array(run.scope(), file.input("mask", Dtype.BOOL)))
                : null;
    }

    private static NDArray weighed(Workbench.Run run, CaseFile file, NDArray y) {
        return y.mul(array(run.scope(), file.input("w", Dtype.F32))).sum(); // ()
    }

    private static NDArray balanced(Workbench.Run run, CaseFile file, NDArray y, List<Routing> routing) {
        NDArray aux = LoadBalancingLoss.of(run.scope(), routing); // ()
        run.output("aux", aux);
        return weighed(run, file, y).add(aux); // ()
    }
}
