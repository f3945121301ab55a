package dev.switchlab.golden;

import dev.switchlab.nn.SwitchTransformer;
import dev.switchlab.safetensors.Tensor;
import java.util.Map;

/** A transformer. */
record TransformerCase(CaseFile file, Architecture architecture) implements GoldenCase {

    static TransformerCase of(CaseFile file) {
        file.onlyInputs("x", "w", "mask");
        return new TransformerCase(file, Architecture.of(file, "layers."));
    }

    @Override
    public boolean dispatches() {
        return true;
    }

    @Override
    public Map<String, Tensor> replay(Form form, Place place) {
        SwitchTransformer block = new SwitchTransformer(architecture.model(form.dispatch()), false);
        Permutations permutations = new Permutations(file.permutations());
        try (Workbench<SwitchTransformer> bench = new Workbench<>(block, file, place, form)) {
            Map<String, Tensor> results = bench.run(permutations.policy(architecture, "", true), run -> {
                SwitchTransformer.Output output = block.forward(run.pass(), run.input("x"), run.mask());
                run.output("x", output.y());
                RoutingOutputs.stacked(output.routing()).forEach(run::output);
                return run.balanced(output.y(), output.routing());
            });
            permutations.checkAllUsed();
            return results;
        }
    }
}
