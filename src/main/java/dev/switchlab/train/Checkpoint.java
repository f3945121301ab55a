package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Parameter;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.io.Sha256;
import dev.switchlab.nn.StateDict;
import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.safetensors.TensorDigest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The whole state of a training run after a step: a safetensors file with weights ({@code model.*}), optimizer moments
 * ({@code first.*}, {@code second.*}, {@code maximum.*}, {@code momentum.*}) and the weights' moving average
 * ({@code ema.*}), as far as there are such; the rest in its header.
 *
 * <p>The header's {@code tensors_sha256} is the {@link TensorDigest} of the tensors; its {@code sha256} covers all
 * other header entries, that digest included. Both are checked when the file is read, so that no changed bit goes
 * unnoticed.
 */
public final class Checkpoint {

    private static final String FORMAT = "format";
    private static final String VERSION = "switchlab-checkpoint-1";
    private static final String TENSORS_SHA256 = "tensors_sha256";
    private static final String SHA256 = "sha256";
    private static final String MODEL = "model.";

    private final Map<String, String> header;
    private final Map<String, Tensor> tensors;
    private final LoopState loop;

    private Checkpoint(Map<String, String> header, Map<String, Tensor> tensors) {
        this.header = header;
        this.tensors = tensors;
        loop = LoopState.ofJson(header.get("loop"));
    }

    /**
     * The state of a run.
     *
     * @param runId the run's id in the book of runs
     * @param corpusSha256 the text that it trains on
     * @param optimizerSteps taken
     * @param tensors weights, and what a step keeps beside them: {@link #tensors}
     */
    static Checkpoint of(
            LanguageModel model,
            String corpusSha256,
            String runId,
            int optimizerSteps,
            Map<String, Tensor> tensors,
            LoopState loop) {
        Map<String, String> header = new TreeMap<>();
        header.put(FORMAT, VERSION);
        header.put("run_id", runId);
        header.put("experiment", model.experiment().toYaml());
        header.put("vocabulary", model.tokenizer().vocabulary());
        header.put("corpus_sha256", corpusSha256);
        header.put("optimizer_steps", Integer.toString(optimizerSteps));
        header.put("loop", loop.toJson());
        header.put(TENSORS_SHA256, TensorDigest.sha256(tensors));
        header.put(SHA256, digest(header));
        return new Checkpoint(header, tensors);
    }

    /**
     * Reads and checks a file.
     *
     * @throws IOException if it is missing, damaged or something else; the message is one line that names the file
     */
    public static Checkpoint read(Path file) throws IOException {
        Safetensors content = Safetensors.read(file);
        Map<String, String> header = new TreeMap<>(content.metadata());
        if (!VERSION.equals(header.get(FORMAT))) {
            throw new IOException(file + ": no checkpoint; its format is '" + header.get(FORMAT)
                    + "', a checkpoint has '" + VERSION + "'");
        }
        String saved = header.remove(SHA256);
        check(file, "header", saved, digest(header));
        header.put(SHA256, saved);
        check(file, "tensors", header.get(TENSORS_SHA256), TensorDigest.sha256(content.tensors()));
        return new Checkpoint(header, content.tensors());
    }

    private static void check(Path file, String what, String expected, String actual) throws IOException {
        if (!actual.equals(expected)) {
            throw new IOException(
                    file + ": damaged: the sha256 of its " + what + " is " + actual + ", it was saved as " + expected);
        }
    }

    private static String digest(Map<String, String> header) {
        StringBuilder text = new StringBuilder();
        // Lengths, so that no text can move from a key into its value.
        header.forEach((key, value) -> text.append(key.length())
                .append(' ')
                .append(value.length())
                .append(' ')
                .append(key)
                .append(value));
        return Sha256.of(text.toString());
    }

    void write(Path file) throws IOException {
        new Safetensors(header, tensors).write(file);
    }

    /** The file's content, for another process. */
    public byte[] toBytes() throws IOException {
        Path file = Files.createTempFile("switchlab-checkpoint", ".safetensors");
        try {
            write(file);
            return Files.readAllBytes(file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** Reads and checks {@link #toBytes}. */
    public static Checkpoint ofBytes(byte[] bytes) throws IOException {
        Path file = Files.createTempFile("switchlab-checkpoint", ".safetensors");
        try {
            Files.write(file, bytes);
            return read(file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    /** Optimizer steps taken. */
    public int step() {
        return loop.step();
    }

    /** The step with the best score on the validation sample so far; 0 before the first evaluation. */
    public int bestStep() {
        return loop.bestStep();
    }

    /** The run's id in the book of runs. */
    public String runId() {
        return header.get("run_id");
    }

    /** The experiment that is being trained. */
    public Experiment experiment() {
        return ExperimentLoader.parse(header.get("experiment"), "checkpoint of step " + step());
    }

    /** Its vocabulary. */
    public CharTokenizer tokenizer() {
        return CharTokenizer.ofVocabulary(header.get("vocabulary"));
    }

    /** The text that it trains on. */
    public String corpusSha256() {
        return header.get("corpus_sha256");
    }

    /** {@link TensorDigest} of all its tensors: equal in two runs exactly when their training is in the same state. */
    public String digest() {
        return header.get(TENSORS_SHA256);
    }

    LoopState loop() {
        return loop;
    }

    /** Copies weights, moments and average into a model and its steps, which must be of the same experiment. */
    void restore(LanguageModel model, TrainStep trainStep) {
        restore(tensors, model, trainStep);
        trainStep.resume(Integer.parseInt(header.get("optimizer_steps")));
    }

    /**
     * The tensors of a checkpoint, copied out. With sharded experts all ranks call this together, and rank 0 gets all
     * tensors.
     */
    static Map<String, Tensor> tensors(LanguageModel model, TrainStep trainStep) {
        Map<String, Tensor> own = own(model, trainStep);
        return model.isSharded() ? RankTensors.gather(model.group(), own) : own;
    }

    private static Map<String, Tensor> own(LanguageModel model, TrainStep trainStep) {
        StateDict dict = model.stateDict();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        put(tensors, MODEL, dict.weights());
        trainStep.optimizerState().forEach((kind, arrays) -> {
            Function<Parameter, NDArray> own = byParameter(dict, arrays);
            put(tensors, kind + ".", having(dict, own).values(own));
        });
        return tensors;
    }

    /** Copies in; of the experts those that this rank has. */
    private static void restore(Map<String, Tensor> all, LanguageModel model, TrainStep trainStep) {
        Map<String, Tensor> tensors = model.isSharded() ? here(all, own(model, trainStep)) : all;
        StateDict dict = model.stateDict();
        dict.load(weights(tensors, MODEL));
        trainStep.optimizerState().forEach((kind, arrays) -> {
            Function<Parameter, NDArray> own = byParameter(dict, arrays);
            having(dict, own).load(weights(tensors, kind + "."), own);
        });
    }

    private static Map<String, Tensor> here(Map<String, Tensor> all, Map<String, Tensor> own) {
        Map<String, Tensor> here = new LinkedHashMap<>(all);
        here.keySet().removeIf(name -> RankTensors.isOfExpert(name) && !own.containsKey(name));
        return here;
    }

    /** @param arrays in the order of the trained weights; null for those that have none */
    private static Function<Parameter, NDArray> byParameter(StateDict dict, List<NDArray> arrays) {
        IdentityHashMap<Parameter, NDArray> own = new IdentityHashMap<>();
        List<Parameter> trained = dict.trainable().parameters();
        for (int i = 0; i < arrays.size(); i++) {
            own.put(trained.get(i), arrays.get(i));
        }
        return own::get;
    }

    private static StateDict having(StateDict dict, Function<Parameter, NDArray> arrays) {
        return dict.only(parameter -> arrays.apply(parameter) != null);
    }

    private static void put(Map<String, Tensor> tensors, String prefix, Map<String, StateDict.Weight> weights) {
        weights.forEach((name, weight) -> tensors.put(prefix + name, Tensor.of(weight.values(), weight.shape())));
    }

    private static Map<String, StateDict.Weight> weights(Map<String, Tensor> tensors, String prefix) {
        Map<String, StateDict.Weight> weights = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith(prefix)) {
                weights.put(name.substring(prefix.length()), new StateDict.Weight(tensor.shape(), tensor.floats()));
            }
        });
        return weights;
    }
}
