package dev.switchlab.golden;

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
        SwitchFeedForward block = new SwitchFeedForward(architecture.model(form.dispatch()), 0);
        Permutations permutations = new Permutations(file.permutations());
        try (Workbench<SwitchFeedForward> bench = new Workbench<>(block, file, place, form)) {
            Map<String, Tensor> results = bench.run(permutations.policy(architecture, "", false), run -> {
                FeedForwardBlock.Output output = block.forward(run.pass(), run.input("x"));
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
