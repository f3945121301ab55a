package dev.switchlab.golden;

import dev.switchlab.safetensors.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** A case of one kind, its configuration read and held against the shapes of its weights. */
sealed interface GoldenCase
        permits FeedForwardCase,
                AttentionCase,
                SwitchCase,
                LayerCase,
                TransformerCase,
                MoeCase,
                ModelCase,
                OptimizerCase,
                TrajectoryCase {

    /** The file it came from. */
    CaseFile file();

    /** How far each tensor may be off. */
    default Tolerances tolerances() {
        return Tolerances.of(file().noise());
    }

    /** Whether tokens are dispatched to experts, so that every form of dispatch has to pass. */
    boolean dispatches();

    /**
     * Runs the case on the model: every output and gradient by its full name, as in {@code output.y}.
     *
     * @throws GoldenException if the case cannot be run, or its permutations do not fit the routes
     */
    Map<String, Tensor> replay(Form form, Place place);

    /**
     * The case that {@code file} holds.
     *
     * @throws GoldenException if its kind is unknown or its configuration makes no sense
     */
    static GoldenCase of(CaseFile file) {
        Map<String, Function<CaseFile, GoldenCase>> kinds = new LinkedHashMap<>();
        kinds.put("feed_forward", FeedForwardCase::of);
        kinds.put("mha", AttentionCase::of);
        kinds.put("switch_ff", SwitchCase::of);
        kinds.put("moe", MoeCase::of);
        kinds.put("layer", LayerCase::of);
        kinds.put("transformer", TransformerCase::of);
        kinds.put("autoregressive_model", ModelCase::of);
        kinds.put("optimizer", OptimizerCase::of);
        kinds.put("trajectory", TrajectoryCase::of);
        Function<CaseFile, GoldenCase> kind = kinds.get(file.kind());
        if (kind == null) {
            throw new GoldenException(
                    "unknown kind '" + file.kind() + "'; known are " + String.join(", ", kinds.keySet()));
        }
        return kind.apply(file);
    }
}
