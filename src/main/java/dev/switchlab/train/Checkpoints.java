package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import dev.switchlab.nn.StateDict;
import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The state of training on disk: one safetensors file a checkpoint with weights ({@code model.*}) and optimizer moments
 * ({@code first.*}, {@code second.*}, {@code maximum.*}). Random streams and data position follow from seed and step.
 */
public final class Checkpoints {

    private final Path folder;
    private final int keep;

    /**
     * @param folder made when the first checkpoint is saved
     * @param keep how many of the newest checkpoints stay
     */
    public Checkpoints(Path folder, int keep) {
        this.folder = folder;
        this.keep = keep;
    }

    /** Saves the state after {@code step}, whole or not at all, and deletes the oldest. */
    public void save(int step, LanguageModel model, Adam optimizer) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        StateDict dict = model.stateDict();
        put(tensors, "model.", dict.weights());
        optimizer.moments().forEach((name, arrays) -> put(tensors, name + ".", split(dict, arrays)));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put("step", Integer.toString(step));
        metadata.put("experiment", model.experiment().toYaml());
        metadata.put("vocabulary", model.tokenizer().vocabulary());
        try {
            Files.createDirectories(folder);
            new Safetensors(metadata, tensors)
                    .write(folder.resolve(String.format(Locale.ROOT, "step-%07d.safetensors", step)));
            deleteOldest();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot save the checkpoint of step " + step + " in " + folder, e);
        }
    }

    private static Map<String, StateDict.Weight> split(StateDict dict, List<NDArray> arrays) {
        return dict.values(parameter -> arrays.get(dict.parameters().indexOf(parameter)));
    }

    private static void put(Map<String, Tensor> tensors, String prefix, Map<String, StateDict.Weight> weights) {
        weights.forEach((name, weight) -> tensors.put(prefix + name, Tensor.of(weight.values(), weight.shape())));
    }

    private void deleteOldest() throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, "step-*.safetensors")) {
            stream.forEach(files::add);
        }
        Collections.sort(files);
        for (Path file : files.subList(0, Math.max(0, files.size() - keep))) {
            Files.delete(file);
        }
    }
}
