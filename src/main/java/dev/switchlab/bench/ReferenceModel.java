package dev.switchlab.bench;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the reference is asked to build: its own experiment with these sizes. {@code golden/bench_reference.py} reads
 * the same names.
 *
 * @param settings name to value
 */
record ReferenceModel(Map<String, Object> settings) {

    /** Empty where the experiment's model is none that the reference's code can be told to build. */
    static Optional<ReferenceModel> of(Experiment experiment) {
        ModelConfig model = experiment.model();
        boolean isReferences = experiment.semantics() == Semantics.REFERENCE
                && model.feedForward() == ModelConfig.FeedForwardKind.SWITCH
                && model.topK() == 1
                && model.moeEvery() == 1
                && model.sharedExperts() == 0
                && model.activation() == ModelConfig.Activation.RELU
                && !model.gated()
                && model.norm() == ModelConfig.Norm.LAYER
                && !model.qkNorm()
                && !model.bigram()
                && model.dropout() == 0
                && experiment.train().accumulate() == 1;
        if (!isReferences) {
            return Optional.empty();
        }
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("d_model", model.dModel());
        settings.put("heads", model.heads());
        settings.put("d_ff", model.dFf());
        settings.put("n_layers", model.nLayers());
        settings.put("n_experts", model.nExperts());
        settings.put("capacity_factor", model.capacityFactor());
        settings.put("drop_tokens", model.dropTokens());
        settings.put("is_scale_prob", model.isScaleProb());
        settings.put("vocabulary", RandomText.VOCABULARY);
        settings.put("seq_len", experiment.train().seqLen());
        settings.put("batch_size", experiment.train().batchSize());
        return Optional.of(new ReferenceModel(settings));
    }
}
