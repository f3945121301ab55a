package dev.switchlab.golden;

import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.nn.BatchPart;
import dev.switchlab.nn.FeedForwardBlock;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.SwitchFeedForward;
import dev.switchlab.safetensors.Tensor;
import java.util.List;
import java.util.Map;

/** A switch feed-forward layer. */
record SwitchCase(CaseFile file, Architecture architecture) implements GoldenCase {

    static SwitchCase of(CaseFile file) {
        file.onlyInputs("x", "w");
        return new SwitchCase(file, Architecture.ofSwitch(file));
    }

    @Override
    public boolean dispatches() {
        return true;
    }

    @Override
    public Map<String, Tensor> replay(Form form, Place place) {
        return replay(form, place, BatchPart.all());
    }

    /** By one of several ranks, where the case holds its tokens and its experts. All of them call it together. */
    Map<String, Tensor> replay(Form form, Place place, BatchPart part) {
        ModelConfig model = architecture.model(form.dispatch());
        SwitchFeedForward block = new SwitchFeedForward(model, 0, false, part.world());
        Permutations permutations = new Permutations(file.permutations());
        try (Workbench<SwitchFeedForward> bench = new Workbench<>(block, file, place, form)) {
            Map<String, Tensor> results = bench.run(permutations.policy(architecture, "", false), run -> {
                FeedForwardBlock.Output output = block.forward(run.pass().over(part), run.input("x"));
                Routing routing = output.routing().orElseThrow();
                run.output("final_output", output.y());
                RoutingOutputs.single(routing).forEach(run::output);
                return run.balanced(output.y(), List.of(routing));
            });
            permutations.checkAllUsed();
            return results;
        }
    }
}
