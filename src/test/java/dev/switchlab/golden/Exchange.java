package dev.switchlab.golden;

import ai.djl.Device;
import dev.switchlab.data.Batch;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.golden.CaseResult.RunResult;
import dev.switchlab.io.Json;
import dev.switchlab.nn.AutoregressiveModel;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.SafetensorsException;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.session.CudaLibraries;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.TrainStep;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Exchanges weights with the reference, both ways: {@code golden/exchange.py} is the other side and
 * {@code golden/exchange.sh} runs both. Weights are a safetensors file with the reference's state_dict names; beside
 * it, {@code logits.safetensors} holds tokens and what a model made of them. Nothing is dropped: the reference chooses
 * dropped tokens at random, without a seed.
 */
public final class Exchange {

    private static final String KIND = "exchange";
    private static final String LOGITS = "output.logits";
    private static final int SEQ_LEN = 24;
    private static final int BATCH = 6;
    private static final int STEPS = 20;

    private Exchange() {}

    /**
     * The command line: {@code create <folder>}, {@code logits <weights> <logits>} or {@code check <weights> <logits>}.
     */
    public static void main(String[] args) {
        CudaLibraries.prepare();
        try {
            System.exit(run(args));
        } catch (IOException | GoldenException | IllegalArgumentException e) {
            System.err.println("exchange: " + e.getMessage());
            System.exit(1);
        }
    }

    private static int run(String... args) throws IOException {
        String verb = args.length == 0 ? "" : args[0];
        if (verb.equals("create") && args.length == 2) {
            create(Path.of(args[1]));
        } else if (verb.equals("logits") && args.length == 3) {
            writeLogits(Path.of(args[1]), Path.of(args[2]));
        } else if (verb.equals("check") && args.length == 3) {
            CaseResult result = check(Path.of(args[1]), Path.of(args[2]));
            System.out.println(result.line());
            result.failure().forEach(System.out::println);
            return result.passed() ? 0 : 1;
        } else {
            System.err.println("usage: create <folder> | logits <weights> <logits> | check <weights> <logits>");
            return 2;
        }
        return 0;
    }

    /** Trains a small model with the reference's semantics for some steps; writes its weights and its logits. */
    public static void create(Path folder) throws IOException {
        Experiment experiment = ExperimentLoader.parse("""
                id: exchange
                semantics: reference
                about: weights for the reference
                model: {d_model: 32, heads: 4, d_ff: 48, n_layers: 3, n_experts: 5}
                train: {batch_size: 6, seq_len: 24, steps: 20, warmup: 10}
                """, "exchange");
        CharTokenizer tokenizer = CharTokenizer.of("abcdefghijklmnopqrstuvwxyz .,;\n");
        Path weights = folder.resolve("weights.safetensors");
        try (LanguageModel model = LanguageModel.create(experiment, tokenizer, Device.cpu())) {
            TrainStep step = new TrainStep(model);
            for (int i = 1; i <= STEPS; i++) {
                long[] tokens = tokens(i, tokenizer.size());
                long[] targets = new long[tokens.length];
                for (int t = 0; t < tokens.length; t++) {
                    targets[t] = (5 * tokens[t] + 3) % tokenizer.size();
                }
                step.run(i, List.of(new Batch(tokens, targets, SEQ_LEN, BATCH)), false);
            }
            model.save(weights);
        }
        writeLogits(weights, folder.resolve("logits.safetensors"));
    }

    private static long[] tokens(long seed, int nVocab) {
        return new SplittableRandom(seed)
                .ints(SEQ_LEN * BATCH, 0, nVocab)
                .asLongStream()
                .toArray();
    }

    /**
     * Writes what SwitchLab makes of weights that it saved: tokens and logits.
     *
     * @param weights a file that {@link LanguageModel#save} wrote
     * @param logits the file to write
     */
    public static void writeLogits(Path weights, Path logits) throws IOException {
        ModelConfig model;
        int nVocab;
        try (LanguageModel loaded = LanguageModel.load(weights, Device.cpu())) {
            model = loaded.experiment().model();
            nVocab = loaded.tokenizer().size();
        }
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("n_vocab", nVocab);
        config.put("seq_len", SEQ_LEN);
        config.put("load_balancing_coef", 0.0);
        config.put("d_model", model.dModel());
        config.put("heads", model.heads());
        config.put("d_ff", model.dFf());
        config.put("n_layers", model.nLayers());
        config.put("n_experts", model.nExperts());
        config.put("capacity_factor", model.capacityFactor());
        config.put("drop_tokens", false);
        config.put("is_scale_prob", model.isScaleProb());
        Map<String, String> metadata = Map.of("config", Json.MAPPER.writeValueAsString(config));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("tokens", Tensor.of(tokens(99, nVocab), SEQ_LEN, BATCH));
        CaseFile file = caseFile(weights, new Safetensors(metadata, tensors));
        tensors.put(
                "logits",
                logits(file, Implementation.on(Device.cpu(), model.dispatch()).get(0)));
        new Safetensors(metadata, tensors).write(logits);
    }

    /**
     * Runs weights on the tokens of a logits file, in every implementation that {@linkplain Implementation#suits
     * suits}, and compares with its logits.
     */
    public static CaseResult check(Path weights, Path logits) {
        List<RunResult> runs = new ArrayList<>();
        try {
            Safetensors content = Safetensors.read(logits);
            CaseFile file = caseFile(weights, content);
            Tensor expected = content.tensors().get("logits");
            for (Implementation implementation : Implementation.on(Device.cpu())) {
                if (implementation.suits(KIND)) {
                    Map<String, Tensor> actual = Map.of(LOGITS, logits(file, implementation));
                    runs.add(new RunResult(
                            implementation.label(),
                            "",
                            TensorDifference.all(Map.of(LOGITS, expected), actual, Tolerances.of(file.noise()))));
                }
            }
        } catch (SafetensorsException | GoldenException | IllegalArgumentException e) {
            return CaseResult.failed(weights, e.getMessage());
        }
        return new CaseResult(weights, KIND, "", runs);
    }

    /** The weights as the parameters of a case, and the tokens as its input. */
    private static CaseFile caseFile(Path weights, Safetensors logits) throws SafetensorsException {
        Map<String, String> metadata = logits.metadata();
        if (!metadata.containsKey("config")) {
            throw new GoldenException("not a logits file: its metadata has no 'config'");
        }
        return new CaseFile(
                weights,
                KIND,
                CaseConfig.parse(metadata.get("config")),
                CaseFile.noise(metadata.getOrDefault("float64_max_abs_diff", "{}")),
                Safetensors.read(weights).tensors(),
                Map.of("tokens", logits.tensors().get("tokens")),
                Map.of(),
                Map.of());
    }

    private static Tensor logits(CaseFile file, Implementation implementation) {
        CaseConfig.Switch config = CaseConfig.Switch.ofTransformer(file, "transformer.layers.");
        CaseConfig.Vocabulary vocabulary = CaseConfig.Vocabulary.of(file);
        Tensor tokens = file.tokens("tokens", vocabulary.nVocab());
        long[] shape = tokens.shape();
        AutoregressiveModel model = new AutoregressiveModel(
                config.model(file, implementation.dispatch()), vocabulary.nVocab(), (int) shape[0], false);
        try (Harness<AutoregressiveModel> harness = new Harness<>(model, file, implementation)) {
            return model.evaluate(
                    harness.manager(),
                    tokens.longs(),
                    (int) shape[0],
                    (int) shape[1],
                    DropPolicy.byPosition(),
                    implementation::apply,
                    output -> Harness.tensor(output.logits()));
        }
    }
}
