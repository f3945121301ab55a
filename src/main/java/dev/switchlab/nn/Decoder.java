package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.RouterScope;
import dev.switchlab.experiment.RouterScore;
import dev.switchlab.nn.kernel.DecoderScript;

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

    private final NDManager manager;
    private final KeyValueCache cache;
    private final DecoderScript script;

    /**
     * An empty sequence.
     *
     * @param parent the decoder's memory belongs to it, until {@link #close}
     * @param network an initialised model
     * @param config its architecture
     * @param seqLen longest sequence; at most that of learned positions
     */
    public Decoder(NDManager parent, AutoregressiveModel network, ModelConfig config, int seqLen) {
        this(parent, network, config, seqLen, parent.getDevice().isGpu());
    }

    Decoder(NDManager parent, AutoregressiveModel network, ModelConfig config, int seqLen, boolean stacked) {
        manager = parent.newSubManager();
        cache = new KeyValueCache(manager, config, seqLen);
        DecoderWeights weights = new DecoderWeights(manager, config);
        script = new DecoderScript(
                settings(config, stacked), weights.model(network, seqLen), weights.layers(network, cache));
    }

    private static DecoderScript.Settings settings(ModelConfig config, boolean stacked) {
        int score = config.routerScore() == RouterScore.SIGMOID ? 2 : config.routerScope() == RouterScope.ALL ? 1 : 0;
        return new DecoderScript.Settings(
                config.nLayers(),
                switch (config.positions()) {
                    case NONE -> 0;
                    case LEARNED -> 1;
                    case ROTARY -> 2;
                },
                config.bigram(),
                switch (config.norm()) {
                    case LAYER -> 0;
                    case RMS -> 1;
                },
                config.qkNorm(),
                switch (config.activation()) {
                    case RELU -> 0;
                    case GELU -> 1;
                    case SIGMOID -> 2;
                    case SILU -> 3;
                    case RELU2 -> 4;
                },
                score,
                !config.isScaleProb() ? 0 : config.normalizeGates() ? 2 : 1,
                config.topK(),
                config.gateScale(),
                stacked);
    }

    /**
     * Forgets what was, and reads a prompt.
     *
     * @param tokens one to {@code seqLen} tokens
     * @return logits (V) of the token after them
     */
    public float[] start(int... tokens) {
        if (tokens.length == 0 || tokens.length > cache.seqLen()) {
            throw new IllegalArgumentException(
                    "a prompt has 1 to " + cache.seqLen() + " tokens (the model's seq_len), got " + tokens.length);
        }
        cache.clear();
        return logits(new Shape(tokens.length), tokens);
    }

    /**
     * Reads one token more.
     *
     * @return logits (V) of the token after it
     * @throws IllegalStateException if the cache {@link #isFull}, or nothing was started
     */
    public float[] next(int token) {
        if (isFull() || cache.length() == 0) {
            throw new IllegalStateException(
                    isFull() ? "the cache is full: " + cache.seqLen() + " tokens" : "the decoder needs a prompt first");
        }
        return logits(new Shape(), token);
    }

    /** Whether it takes no further token before the next {@link #start}. */
    public boolean isFull() {
        return cache.length() == cache.seqLen();
    }

    private float[] logits(Shape shape, int... tokens) {
        long[] indices = new long[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            indices[i] = tokens[i];
        }
        try (NDArray input = manager.create(indices, shape); // (n) or ()
                NDArray logits = script.logits(manager, input, cache.length())) { // (V)
            float[] host = HostCopy.floats(logits);
            cache.added(tokens.length);
            return host;
        }
    }

    @Override
    public void close() {
        script.close();
        manager.close();
    }
}
