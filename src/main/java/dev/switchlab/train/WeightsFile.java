package dev.switchlab.train;

import dev.switchlab.data.Tokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.nn.StateDict;
import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.safetensors.TensorDigest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A trained model on disk, as a run keeps it: weights under the reference's state_dict names, with experiment,
 * vocabulary and kernels in the header, so that the file alone is enough. Read without an engine.
 *
 * @param kernels what multiplied in it; empty if unknown
 * @param tensors by state_dict name
 */
public record WeightsFile(
        Path file, Experiment experiment, Tokenizer tokenizer, Optional<String> kernels, Map<String, Tensor> tensors) {

    private static final String EXPERIMENT = "experiment";
    private static final String VOCABULARY = "vocabulary";
    private static final String KERNELS = "kernels";

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException in one line, if the file is something else, or its weights are no numbers
     */
    public static WeightsFile read(Path file) throws IOException {
        Safetensors content = Safetensors.read(file);
        Map<String, String> metadata = content.metadata();
        for (String key : List.of(EXPERIMENT, VOCABULARY)) {
            if (!metadata.containsKey(key)) {
                throw new IllegalArgumentException(
                        file + " has no '" + key + "' in its metadata: it is not a weights file of SwitchLab");
            }
        }
        Experiment experiment = ExperimentLoader.parse(metadata.get(EXPERIMENT), file.toString());
        WeightsFile read = new WeightsFile(
                file,
                experiment,
                Tokenizer.ofVocabulary(experiment.tokenizer(), metadata.get(VOCABULARY)),
                Optional.ofNullable(metadata.get(KERNELS)),
                content.tensors());
        read.requireFinite();
        return read;
    }

    private void requireFinite() {
        weights().forEach((name, weight) -> {
            for (float value : weight.values()) {
                if (!Float.isFinite(value)) {
                    throw new IllegalArgumentException(file + ": weight '" + name + "' has " + value
                            + ", so the model can compute nothing; allowed: finite numbers");
                }
            }
        });
    }

    void write() throws IOException {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("format", "pt");
        metadata.put(EXPERIMENT, experiment.toYaml());
        metadata.put(VOCABULARY, tokenizer.vocabulary());
        kernels.ifPresent(used -> metadata.put(KERNELS, used));
        new Safetensors(metadata, tensors).write(file);
    }

    /** The weights on the host. */
    Map<String, StateDict.Weight> weights() {
        return LanguageModel.weights(tensors);
    }

    /** {@link TensorDigest} of the weights. */
    public String digest() {
        return TensorDigest.sha256(tensors);
    }
}
