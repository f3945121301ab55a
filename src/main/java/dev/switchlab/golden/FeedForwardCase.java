package dev.switchlab.golden;

import ai.djl.ndarray.NDArray;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.FeedForward;
import dev.switchlab.nn.FeedForwardConfig;
import dev.switchlab.safetensors.Tensor;
import java.util.Map;

/** A feed-forward network. */
record FeedForwardCase(CaseFile file, FeedForwardConfig network) implements GoldenCase {

    static FeedForwardCase of(CaseFile file) {
        file.onlyInputs("x", "w");
        return new FeedForwardCase(file, Architecture.feedForward(file));
    }

    @Override
    public boolean dispatches() {
        return false;
    }

    @Override
    public Map<String, Tensor> replay(Form form, Place place) {
        try (Workbench<FeedForward> bench = new Workbench<>(new FeedForward(network), file, place, form)) {
            return bench.run(DropPolicy.byPosition(), run -> {
                NDArray y = bench.block().apply(run.pass(), run.input("x"));
                run.output("y", y);
                return run.weighed(y);
            });
        }
    }
}
