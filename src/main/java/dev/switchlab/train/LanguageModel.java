package dev.switchlab.train;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.switchlab.data.Batch;
import dev.switchlab.data.Tokenizer;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Experiment.InitParts;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.nn.AutoregressiveModel;
import dev.switchlab.nn.Decoder;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.ForwardContext;
import dev.switchlab.nn.Initialization;
import dev.switchlab.nn.StateDict;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import dev.switchlab.safetensors.TensorDigest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model with all that is needed to run it: weights, vocabulary and the experiment it belongs to. Its weights file
 * holds all three, so that the file alone is enough.
 */
public final class LanguageModel implements AutoCloseable {

    /** What stands before an expert's number in a tensor's name, the number, and what follows. */
    private static final Pattern OF_EXPERT = Pattern.compile("((?:.*\\.)?experts\\.)(\\d+)(\\..*)");

    private final Experiment experiment;
    private final Tokenizer tokenizer;
    private final Kernels kernels;
    private final ProcessGroup group;
    private final boolean sharded;
    private final NDManager manager;
    private final AutoregressiveModel network;
    private final StateDict stateDict;

    private LanguageModel(
            Experiment experiment,
            Tokenizer tokenizer,
            Device device,
            Kernels kernels,
            ProcessGroup group,
            boolean sharded) {
        this.experiment = experiment;
        this.group = group;
        this.sharded = sharded && group.size() > 1;
        this.kernels = kernels;
        this.tokenizer = tokenizer;
        manager = NDManager.newBaseManager(device);
        network = new AutoregressiveModel(
                experiment.model(),
                tokenizer.size(),
                experiment.train().seqLen(),
                experiment.train().hasSelectionBias(),
                this.sharded ? group : ProcessGroup.single());
        stateDict = StateDict.of(network);
    }

    /** A new model of one process that multiplies by matrix products. */
    public static LanguageModel create(Experiment experiment, Tokenizer tokenizer, Device device) {
        return create(experiment, tokenizer, device, KernelChoice.fixed(experiment), ProcessGroup.single(), false);
    }

    /**
     * A new model with first weights drawn from the experiment's seed.
     *
     * @param kernels what multiplies, where layers are fused
     * @param group the ranks: each computes its shard of each batch, and all have the same weights after each step
     * @param sharded whether this rank has its share of the experts only; then all ranks run every pass together
     * @throws IllegalArgumentException in one line, if the ranks do not divide the experts
     */
    public static LanguageModel create(
            Experiment experiment,
            Tokenizer tokenizer,
            Device device,
            Kernels kernels,
            ProcessGroup group,
            boolean sharded) {
        LanguageModel model = new LanguageModel(experiment, tokenizer, device, kernels, group, sharded);
        RandomStreams streams = new RandomStreams(experiment.seed());
        new Initialization(experiment.model(), name -> streams.generator(RandomStream.INITIALIZATION, name))
                .apply(model.network, model.manager);
        return model;
    }

    /**
     * A model from a file that {@link #save} wrote.
     *
     * @throws IllegalArgumentException if the file's weights do not fit its experiment, or are no numbers
     */
    public static LanguageModel load(Path file, Device device) throws IOException {
        return load(WeightsFile.read(file), device);
    }

    /** The model of a weights file; otherwise as {@link #load(Path, Device)}. */
    public static LanguageModel load(WeightsFile file, Device device) {
        LanguageModel model = new LanguageModel(
                file.experiment(),
                file.tokenizer(),
                device,
                file.kernels()
                        .map(recorded -> KernelChoice.recorded(file.experiment(), recorded))
                        .orElseGet(() -> KernelChoice.fixed(file.experiment())),
                ProcessGroup.single(),
                false);
        try {
            Initialization.allocate(model.stateDict, model.manager);
            model.stateDict.load(file.weights());
            return model;
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /**
     * Takes weights of a trained model; all others keep what was drawn.
     *
     * @throws IllegalArgumentException naming what is missing, unexpected or of another shape; then nothing was changed
     */
    public void beginWith(WeightsFile trained, InitParts parts) {
        stateDict.load(new InitialWeights(experiment.model(), parts)
                .of(trained.weights(), stateDict.weights(), trained.experiment().model()));
    }

    /** Writes the model as a {@link WeightsFile}. */
    public void save(Path file) throws IOException {
        new WeightsFile(file, experiment, tokenizer, Optional.of(kernels.toString()), tensors()).write();
    }

    /** {@link TensorDigest} of the weights. */
    public String digest() {
        return TensorDigest.sha256(tensors());
    }

    /** How many numbers its weights have, those of experts on other ranks included. */
    public long parameters() {
        long ofExperts = stateDict.entries().stream()
                .filter(entry -> entry.row() >= 0)
                .mapToLong(entry -> entry.shape().size())
                .sum();
        return stateDict.size() + (sharded ? (group.size() - 1) * ofExperts : 0);
    }

    /** Whether experts are sharded over ranks. */
    boolean isSharded() {
        return sharded;
    }

    /** The ranks that train the model. */
    ProcessGroup group() {
        return group;
    }

    /** The model with all experts. All ranks call it together, and close what they get. */
    public Gathered gathered() {
        if (!isSharded()) {
            return new Gathered(Optional.of(this), false);
        }
        Map<String, Tensor> all = gather(tensors());
        if (!group.isFirst()) {
            return new Gathered(Optional.empty(), false);
        }
        LanguageModel whole =
                new LanguageModel(experiment, tokenizer, manager.getDevice(), kernels, ProcessGroup.single(), false);
        Initialization.allocate(whole.stateDict, whole.manager);
        whole.stateDict.load(weights(all));
        return new Gathered(Optional.of(whole), true);
    }

    /**
     * A model with all experts.
     *
     * @param model on rank 0; empty on the others where experts are sharded
     * @param borrowed whether it was put together, and goes when this is closed
     */
    public record Gathered(Optional<LanguageModel> model, boolean borrowed) implements AutoCloseable {

        @Override
        public void close() {
            if (borrowed) {
                model.ifPresent(LanguageModel::close);
            }
        }
    }

    /**
     * Tensors, of which those of experts belong to this rank's, with those of all other experts: on rank 0; the others
     * get their own. With sharded experts all ranks call it together.
     *
     * @param own float32 tensors by state_dict name, whatever stands before the name; on all ranks in one order
     */
    Map<String, Tensor> gather(Map<String, Tensor> own) {
        if (!sharded) {
            return own;
        }
        Map<String, Tensor> all = new LinkedHashMap<>(own);
        int expertsPerRank = experiment.model().nExperts() / group.size();
        for (int rank = 1; rank < group.size(); rank++) {
            int shift = (rank - group.rank()) * expertsPerRank;
            for (Map.Entry<String, Tensor> entry : own.entrySet()) {
                Matcher ofExpert = OF_EXPERT.matcher(entry.getKey());
                if (ofExpert.matches()) {
                    String name = ofExpert.group(1) + (Integer.parseInt(ofExpert.group(2)) + shift) + ofExpert.group(3);
                    byte[] values = new byte[entry.getValue().data().remaining()];
                    entry.getValue().data().get(values);
                    ByteBuffer theirs = ByteBuffer.wrap(group.broadcast(values, rank));
                    if (group.isFirst()) {
                        all.put(name, new Tensor(Dtype.F32, entry.getValue().shape(), theirs));
                    }
                }
            }
        }
        return all;
    }

    /** Whether a tensor belongs to one expert: only the rank has it that has the expert. */
    static boolean isOfExpert(String name) {
        return OF_EXPERT.matcher(name).matches();
    }

    static Map<String, StateDict.Weight> weights(Map<String, Tensor> tensors) {
        Map<String, StateDict.Weight> weights = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> weights.put(name, new StateDict.Weight(tensor.shape(), tensor.floats())));
        return weights;
    }

    static Map<String, Tensor> tensors(Map<String, StateDict.Weight> weights) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        weights.forEach((name, weight) -> tensors.put(name, Tensor.of(weight.values(), weight.shape())));
        return tensors;
    }

    /** {@link TensorDigest} of the weights that all ranks have: without sharded experts. */
    String sharedDigest() {
        Map<String, Tensor> shared = tensors();
        if (isSharded()) {
            shared.keySet().removeIf(LanguageModel::isOfExpert);
        }
        return TensorDigest.sha256(shared);
    }

    private Map<String, Tensor> tensors() {
        return tensors(stateDict.weights());
    }

    /** The experiment that the model belongs to. */
    public Experiment experiment() {
        return experiment;
    }

    /** What multiplies in it. */
    public Kernels kernels() {
        return kernels;
    }

    /** Its vocabulary. */
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    /** Its blocks. */
    public AutoregressiveModel network() {
        return network;
    }

    /** The pass as the experiment wants it computed: by kernels, or by plain operators. */
    ForwardContext form(ForwardContext pass) {
        return experiment.model().dispatch() == DispatchForm.FUSED ? pass.by(kernels) : pass;
    }

    /** One pass at evaluation: {@link AutoregressiveModel#evaluate}. */
    public <T> T evaluate(Batch batch, DropPolicy dropPolicy, Function<AutoregressiveModel.Output, T> read) {
        return network.evaluate(
                manager, batch.tokens(), batch.seqLen(), batch.batchSize(), dropPolicy, this::form, read);
    }

    /** Reads and continues one sequence, with room for {@code train.seq_len} tokens; to be closed before the model. */
    public Decoder decoder() {
        return new Decoder(
                manager, network, experiment.model(), experiment.train().seqLen());
    }

    /**
     * The shuffled order of over-full experts in the evaluation of a batch after a step, where the experiment shuffles.
     */
    public DropPolicy evaluationDropPolicy(int step, int batch) {
        RandomStreams streams = new RandomStreams(experiment.seed());
        return DropPolicy.random(streams.generator(RandomStream.DROPPING, "evaluation", step, batch));
    }

    /** Its weights by name. */
    public StateDict stateDict() {
        return stateDict;
    }

    /** The manager that owns the weights; steps are its children. */
    public NDManager manager() {
        return manager;
    }

    @Override
    public void close() {
        network.clear();
        manager.close();
    }
}
