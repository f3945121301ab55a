package dev.switchlab.paper;

import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Weights of a model.
 *
 * @param all of them
 * @param active those that a token meets: of each sparse layer's experts, as many as it chooses
 */
record Parameters(long all, long active) {

    /** Weights and biases of routed experts, as the reference names them; not of the shared ones. */
    private static final Pattern EXPERT = Pattern.compile(".*\\.experts\\.\\d+\\..*");

    /** Counts a file of weights. */
    static Parameters of(Path weights, ModelConfig model) {
        try {
            return of(Safetensors.read(weights).tensors(), model);
        } catch (IOException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    static Parameters of(Map<String, Tensor> tensors, ModelConfig model) {
        long all = 0;
        long experts = 0;
        for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
            long size = Arrays.stream(tensor.getValue().shape()).reduce(1, (product, length) -> product * length);
            all += size;
            experts += EXPERT.matcher(tensor.getKey()).matches() ? size : 0;
        }
        return new Parameters(all, all - experts + experts * model.topK() / model.nExperts());
    }
}
