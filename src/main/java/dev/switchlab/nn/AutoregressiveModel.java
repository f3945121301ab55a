package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.initializer.Initializer;
import ai.djl.training.initializer.NormalInitializer;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.Positions;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The language model: embedding, transformer, generator (reference: {@code AutoregressiveModel} of the switch
 * experiment). The list form takes tokens (S, B) int64 and returns logits (S, B, V).
 */
public final class AutoregressiveModel extends LabBlock {

    private final SwitchTransformer transformer;
    private final LinearLayer generator;
    private final Table embedding;
    private final Table positions;
    private final Table bigram;
    private final int nVocab;
    private AttentionMask causalMask;
    private int causalLength;

    /**
     * @param model the architecture
     * @param nVocab tokens in the vocabulary
     * @param maxSeqLen longest sequence; sizes the table of learned positions, otherwise unused
     * @param selectionBias whether a bias per expert moves the choice of experts
     */
    public AutoregressiveModel(ModelConfig model, int nVocab, int maxSeqLen, boolean selectionBias) {
        this(model, nVocab, maxSeqLen, selectionBias, ProcessGroup.single());
    }

    /**
     * Experts are sharded over ranks.
     *
     * @param ranks which all run every pass together
     */
    public AutoregressiveModel(
            ModelConfig model, int nVocab, int maxSeqLen, boolean selectionBias, ProcessGroup ranks) {
        this.nVocab = nVocab;
        embedding = child("src_embed", new Table(nVocab, model.dModel(), new NormalInitializer(1)));
        positions = model.positions() == Positions.LEARNED
                ? child("pos_embed", new Table(maxSeqLen, model.dModel(), new NormalInitializer(0.02f)))
                : null;
        transformer = child("transformer", new SwitchTransformer(model, selectionBias, ranks));
        generator = child("generator", new LinearLayer(model.dModel(), nVocab, true));
        bigram = model.bigram() ? child("bigram", new Table(nVocab, nVocab, Initializer.ZEROS)) : null;
    }

    /**
     * @param logits (S, B, V)
     * @param routing one entry per sparse layer; empty for dense models
     */
    public record Output(NDArray logits, List<Routing> routing) {}

    /** Tokens (S, B) int64 to logits. Each position sees itself and what came before. */
    public Output forward(ForwardContext pass, NDArray tokens) {
        int seqLen = (int) tokens.getShape().get(0);
        AttentionMask mask = causalMask(pass, seqLen);
        NDArray x = pass.rounded(embed(pass, tokens, seqLen)); // (S, B, D)
        SwitchTransformer.Output output = transformer.forward(pass.reading(tokens), x, mask);
        NDArray logits = generator.forward(pass, output.y()); // (S, B, V)
        return new Output(bigram == null ? logits : logits.add(bigram.rows(pass, tokens)), output.routing());
    }

    private NDArray embed(ForwardContext pass, NDArray tokens, int seqLen) {
        NDArray x = embedding.rows(pass, tokens); // (S, B, D)
        return positions == null ? x : x.add(positions.first(pass, seqLen).expandDims(1)); // (S, B, D)
    }

    /** The layers, in order. */
    List<SwitchTransformerLayer> layers() {
        return transformer.layers();
    }

    /** What {@code decode.py} calls the model, for sequences of {@code seqLen} tokens. */
    List<List<NDArray>> tensors(ForwardContext pass, int seqLen) {
        return List.of(
                List.of(embedding.weight(pass)),
                transformer.norm().tensors(pass),
                generator.tensors(pass),
                positions == null ? List.of() : List.of(positions.weight(pass)),
                layers().get(0).angles(pass, seqLen),
                bigram == null ? List.of() : List.of(bigram.weight(pass)));
    }

    /** The sparse layers' networks, in order. */
    public List<SwitchFeedForward> switchLayers() {
        return transformer.switchLayers();
    }

    /**
     * One pass at evaluation: no dropout, no exploration, no gradients, the evaluation capacity.
     *
     * @param parent the pass' own manager is a child of it
     * @param tokens time-major, [s * B + b]
     * @param seqLen S
     * @param batchSize B
     * @param dropPolicy which tokens an over-full expert keeps
     * @param form makes the pass a fused one, or leaves it
     * @param read takes what is wanted to the host; everything native dies with the pass
     */
    public <T> T evaluate(
            NDManager parent,
            long[] tokens,
            int seqLen,
            int batchSize,
            DropPolicy dropPolicy,
            UnaryOperator<ForwardContext> form,
            Function<Output, T> read) {
        try (NDManager scope = parent.newSubManager()) {
            ForwardContext pass =
                    form.apply(ForwardContext.evaluation(scope, new StepWeights(scope, this, false), dropPolicy));
            return read.apply(forward(pass, scope.create(tokens, new Shape(seqLen, batchSize))));
        }
    }

    /** Kept for the next pass, which nearly always has the same length. */
    private AttentionMask causalMask(ForwardContext pass, int seqLen) {
        if (causalLength != seqLen) {
            if (causalMask != null) {
                causalMask.close();
            }
            causalMask = AttentionMask.causal(pass.modelManager(), seqLen);
            causalLength = seqLen;
        }
        return causalMask;
    }

    @Override
    NDList forwardList(ForwardContext pass, NDList inputs) {
        return new NDList(forward(pass, inputs.head()).logits());
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {inputShapes[0].add(nVocab)};
    }

    @Override
    public void clear() {
        super.clear();
        causalMask = null;
        causalLength = 0;
    }

    /** A look-up table, named as torch.nn.Embedding names it. */
    private static final class Table extends LabBlock {

        private final Parameter weight;

        Table(int rows, int features, Initializer initializer) {
            weight = parameter("weight", new Shape(rows, features), initializer);
        }

        NDArray weight(ForwardContext pass) {
            return value(pass, weight);
        }

        /** int64 (...) to (..., features). */
        NDArray rows(ForwardContext pass, NDArray indices) {
            return rows(value(pass, weight), indices);
        }

        /** (n, D). */
        NDArray first(ForwardContext pass, int n) {
            if (n > weight.getShape().get(0)) {
                throw new IllegalArgumentException("a sequence of " + n + " tokens is longer than the "
                        + weight.getShape().get(0) + " learned positions of this model");
            }
            return rows(pass, pass.manager().arange(n).toType(ai.djl.ndarray.types.DataType.INT64, false)); // (n, D)
        }

        @Override
        NDList forwardList(ForwardContext pass, NDList inputs) {
            return new NDList(rows(pass, inputs.head()));
        }

        @Override
        public Shape[] getOutputShapes(Shape[] inputShapes) {
            return new Shape[] {inputShapes[0].add(weight.getShape().get(1))};
        }
    }
}
