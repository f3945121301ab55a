package dev.switchlab.golden;

import dev.switchlab.nn.FeedForwardBlock;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.SwitchTransformerLayer;
import dev.switchlab.safetensors.Tensor;
import java.util.List;
import java.util.Map;

/** A transformer layer. */
record LayerCase(CaseFile file, Architecture architecture) implements GoldenCase {

    static LayerCase of(CaseFile file) {
        file.onlyInputs("x", "w", "mask");
        return new LayerCase(file, Architecture.of(file, ""));
    }

    @Override
    public boolean dispatches() {
        return true;
    }

    @Override
    public Map<String, Tensor> replay(Form form, Place place) {
        SwitchTransformerLayer block = new SwitchTransformerLayer(architecture.model(form.dispatch()), 0, false);
        Permutations permutations = new Permutations(file.permutations());
        try (Workbench<SwitchTransformerLayer> bench = new Workbench<>(block, file, place, form)) {
            Map<String, Tensor> results = bench.run(permutations.policy(architecture, "", true), run -> {
                FeedForwardBlock.Output output = block.forward(run.pass(), run.input("x"), run.mask());
                Routing routing = output.routing().orElseThrow();
                run.output("x", output.y());
                RoutingOutputs.single(routing).forEach(run::output);
                return run.balanced(output.y(), List.of(routing));
            });
            permutations.checkAllUsed();
            return results;
        }
    }
}
