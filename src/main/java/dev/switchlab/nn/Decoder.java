package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.RouterKind;
import dev.switchlab.experiment.RouterScope;
import dev.switchlab.experiment.RouterScore;
import dev.switchlab.nn.kernel.Script;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Runs a language model token by token: keys and values of what came before are kept, so that a token costs the same
 * work whatever was read before, but for attention. The logits are those of {@link AutoregressiveModel#forward} at
 * evaluation over the tokens since {@link #start}, up to rounding, where nothing is dropped: an expert's capacity is a
 * share of the tokens that go through together, and a token that comes alone finds room with any expert. So nothing is
 * dropped here, in the prompt neither, as with {@code model.drop_tokens: false}.
 *
 * <p>The weights must not change between construction and {@link #close}.
 */
public final class Decoder implements AutoCloseable {

    private static final Script SCRIPT = Script.of("linear", "norm", "attention", "feed_forward", "decode");

    private final NDManager manager;
    private final ModelConfig config;
    private final int seqLen;
    private final Script.Tensors model;
    private final Script.Tensors layers;
    private int length;

    /**
     * An empty sequence.
     *
     * @param parent the decoder's memory belongs to it, until {@link #close}
     * @param network an initialized model
     * @param config its architecture
     * @param seqLen longest sequence; at most that of learned positions
     */
    public Decoder(NDManager parent, AutoregressiveModel network, ModelConfig config, int seqLen) {
        manager = parent.newSubManager();
        this.config = config;
        this.seqLen = seqLen;
        ForwardContext pass =
                ForwardContext.evaluation(manager, new StepWeights(manager, network, false), DropPolicy.byPosition());
        model = new Script.Tensors(network.tensors(pass, seqLen));
        List<List<List<NDArray>>> all = new ArrayList<>();
        Shape cache = new Shape(2, 1, config.heads(), seqLen, config.dModel() / config.heads());
        for (SwitchTransformerLayer layer : network.layers()) {
            all.add(layer.tensors(pass, manager.zeros(cache)));
        }
        layers = new Script.Tensors(all);
    }

    /**
     * Forgets what was, and reads a prompt.
     *
     * @param tokens one to {@code seqLen} tokens
     * @return logits (V) of the token after them
     */
    public float[] start(int... tokens) {
        if (tokens.length == 0 || tokens.length > seqLen) {
            throw new IllegalArgumentException(
                    "a prompt has 1 to " + seqLen + " tokens (the model's seq_len), got " + tokens.length);
        }
        length = 0;
        return logits(tokens);
    }

    /**
     * Reads one token more.
     *
     * @return logits (V) of the token after it
     * @throws IllegalStateException if the cache {@link #isFull}, or nothing was started
     */
    public float[] next(int token) {
        if (isFull() || length == 0) {
            throw new IllegalStateException(
                    isFull() ? "the cache is full: " + seqLen + " tokens" : "the decoder needs a prompt first");
        }
        return logits(token);
    }

    /** Whether it takes no further token before the next {@link #start}. */
    public boolean isFull() {
        return length == seqLen;
    }

    private float[] logits(int... tokens) {
        String score = config.routerScope() == RouterScope.CHOSEN
                ? "softmax over chosen"
                : config.routerScore() == RouterScore.SIGMOID ? "sigmoid" : "softmax";
        String gating = !config.isScaleProb() ? "one" : config.normalizeGates() ? "normalized" : "score";
        List<NDArray> routes = routes(tokens);
        try (NDArray input = manager.create(Arrays.stream(tokens).asLongStream().toArray()); // (n)
                NDArray logits = SCRIPT.tensor(
                        manager,
                        "logits",
                        input,
                        model,
                        layers,
                        config.heads(),
                        config.activation().name().toLowerCase(Locale.ROOT),
                        score,
                        gating,
                        config.topK(),
                        config.gateScale(),
                        routes,
                        length)) { // (V)
            float[] host = HostCopy.floats(logits);
            length += tokens.length;
            return host;
        } finally {
            routes.forEach(NDArray::close);
        }
    }

    /** By layer the experts of the next tokens, (L, n) int64; nothing where routers have weights. */
    private List<NDArray> routes(int[] tokens) {
        if (config.router().hasWeights()) {
            return List.of();
        }
        int n = tokens.length;
        long[] experts = new long[config.nLayers() * n];
        for (int i = 0; i < experts.length; i++) {
            int number = config.router() == RouterKind.HASH ? tokens[i % n] : length + i % n;
            experts[i] = FixedRoutes.expert(number, i / n, config.nExperts());
        }
        return List.of(manager.create(experts, new Shape(config.nLayers(), n)));
    }

    @Override
    public void close() {
        model.close();
        layers.close();
        manager.close();
    }
}
