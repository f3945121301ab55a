package dev.switchlab.train;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Parameter;
import dev.switchlab.data.Tokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.io.Json;
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
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

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
    private static final String LOOP = "loop";

    private final Map<String, String> header;
    private final Map<String, Tensor> tensors;
    private final LoopState loop;

    private Checkpoint(Map<String, String> header, Map<String, Tensor> tensors, LoopState loop) {
        this.header = header;
        this.tensors = tensors;
        this.loop = loop;
    }

    /**
     * The state of a run, copied out. With sharded experts all ranks call this together, and rank 0 gets what is
     * complete.
     *
     * @param corpusSha256 the text that it trains on
     * @param runId the run's id in the book of runs
     */
    static Checkpoint of(LanguageModel model, TrainStep trainStep, String corpusSha256, String runId, LoopState loop) {
        Map<String, Tensor> own = new LinkedHashMap<>();
        kinds(model, trainStep)
                .forEach((kind, arrays) -> LanguageModel.tensors(
                                having(model.stateDict(), arrays).values(arrays))
                        .forEach((name, tensor) -> own.put(kind + name, tensor)));
        Map<String, Tensor> tensors = model.gather(own);
        Map<String, String> header = new TreeMap<>();
        header.put(FORMAT, VERSION);
        header.put("run_id", runId);
        header.put("experiment", model.experiment().toYaml());
        header.put("vocabulary", model.tokenizer().vocabulary());
        header.put("corpus_sha256", corpusSha256);
        header.put("optimizer_steps", Integer.toString(trainStep.steps()));
        header.put(LOOP, Json.MAPPER.valueToTree(loop).toString()); // every double to the bit
        header.put(TENSORS_SHA256, TensorDigest.sha256(tensors));
        header.put(SHA256, digest(header));
        return new Checkpoint(header, tensors, loop);
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
        return new Checkpoint(header, content.tensors(), Json.MAPPER.readValue(header.get(LOOP), LoopState.class));
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
    public Tokenizer tokenizer() {
        return Tokenizer.ofVocabulary(experiment().tokenizer(), header.get("vocabulary"));
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

    /**
     * Copies weights, moments and average into a model and its steps, which must be of the same experiment; of the
     * experts those that this rank has.
     */
    void restore(LanguageModel model, TrainStep trainStep) {
        kinds(model, trainStep).forEach((kind, arrays) -> {
            StateDict dict = having(model.stateDict(), arrays);
            Map<String, Tensor> own = new LinkedHashMap<>();
            tensors.forEach((name, tensor) -> {
                if (name.startsWith(kind)) {
                    own.put(name.substring(kind.length()), tensor);
                }
            });
            if (model.isSharded()) {
                Set<String> here =
                        dict.entries().stream().map(StateDict.Entry::name).collect(Collectors.toSet());
                own.keySet().removeIf(name -> LanguageModel.isOfExpert(name) && !here.contains(name));
            }
            dict.load(LanguageModel.weights(own), arrays);
        });
        trainStep.resume(Integer.parseInt(header.get("optimizer_steps")));
    }

    /** What is kept of each parameter, null for nothing, by what stands before the names of its tensors. */
    private static Map<String, Function<Parameter, NDArray>> kinds(LanguageModel model, TrainStep trainStep) {
        List<Parameter> trained = model.stateDict().trainable().parameters();
        Map<String, Function<Parameter, NDArray>> kinds = new LinkedHashMap<>();
        kinds.put("model.", Parameter::getArray);
        trainStep.optimizerState().forEach((kind, arrays) -> {
            IdentityHashMap<Parameter, NDArray> own = new IdentityHashMap<>();
            for (int i = 0; i < arrays.size(); i++) {
                own.put(trained.get(i), arrays.get(i));
            }
            kinds.put(kind + ".", own::get);
        });
        return kinds;
    }

    private static StateDict having(StateDict dict, Function<Parameter, NDArray> arrays) {
        return dict.only(parameter -> arrays.apply(parameter) != null);
    }
}
