package dev.switchlab.train;

import dev.switchlab.data.Batch;
import dev.switchlab.data.EvaluationBatches;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Routes the same text again and again while a model is trained, to see when its routing settles (router saturation:
 * Muennighoff et al., OLMoE, arXiv 2409.02060). At evaluation, without gradients; from probe to probe nothing changes
 * but the weights. Training is not touched: a run with probes is the run without them, to the bit.
 */
final class RoutingProbe {

    /** Enough for the share of a layer's tokens to be known to about one percent. */
    static final int MAX_TOKENS = 4096;

    private final RandomStreams streams;
    private final List<Batch> batches;

    private RoutingProbe(RandomStreams streams, List<Batch> batches) {
        this.streams = streams;
        this.batches = batches;
    }

    /**
     * A probe on a part of the experiment's validation sample, at most {@link #MAX_TOKENS} tokens but one whole window
     * at least, in batches of the training size if so many windows fit; empty for a dense model.
     */
    static Optional<RoutingProbe> of(LanguageModel model, TextData data) {
        Experiment experiment = model.experiment();
        if (experiment.model().feedForward() == FeedForwardKind.DENSE) {
            return Optional.empty();
        }
        TrainConfig train = experiment.train();
        int windows = Math.max(1, MAX_TOKENS / train.seqLen());
        int batchSize = Math.min(train.batchSize(), windows);
        RandomStreams streams = new RandomStreams(experiment.seed());
        // The sample is a permutation's beginning: fewer windows are a part of it.
        EvaluationBatches batches = EvaluationBatches.sample(
                data.split().validation(),
                train.seqLen(),
                batchSize,
                Math.min(train.evalBatches(), windows / batchSize),
                streams);
        return Optional.of(new RoutingProbe(streams, List.copyOf(batches)));
    }

    /** Routes the text through {@code now}, the model with its weights after {@code step} steps. */
    RoutingSnapshot at(LanguageModel now, int step) {
        RoutingTrace trace = new TextRouter(now).trace(batches, this::priorities);
        return RoutingSnapshot.of(step, batches.get(0).seqLen(), trace);
    }

    /**
     * Random dropping follows one fixed order of a layer's tokens, so that between probes the weights alone decide who
     * is dropped.
     */
    private DropPolicy priorities(int batch) {
        int tokens = batches.get(batch).size();
        Map<Integer, int[]> priorities = new HashMap<>();
        return DropPolicy.byPriority((layer, token) -> priorities
                .computeIfAbsent(layer, l -> {
                    SplittableRandom random = streams.generator(RandomStream.DROPPING, "probe", batch, l);
                    return random.ints(tokens).toArray();
                })[token]);
    }
}
