package dev.switchlab.train;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.data.Batch;
import dev.switchlab.data.EvaluationBatches;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig.DropOrder;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.Pass;
import dev.switchlab.nn.Routing;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Routes the same text again and again while a model is trained, to see when its routing settles (router saturation: Muennighoff et al.,
 * OLMoE, arXiv 2409.02060). At evaluation, without gradients; from probe to probe nothing changes but the weights. Training is not
 * touched: a run with probes is the run without them, to the bit.
 */
final class RoutingProbe {

    /** Enough for the share of a layer's tokens to be known to about one percent. */
    static final int MAX_TOKENS = 4096;

    private final LanguageModel model;
    private final List<Batch> batches;
    private final List<String> text;

    private RoutingProbe(LanguageModel model, List<Batch> batches) {
        this.model = model;
        this.batches = batches;
        text = batches.stream().flatMap(batch -> windows(model, batch).stream()).toList();
    }

    /**
     * A probe on a part of the experiment's validation sample, at most {@link #MAX_TOKENS} tokens but one whole window at least, in
     * batches of the training size if so many windows fit; empty for a dense model.
     */
    static Optional<RoutingProbe> of(LanguageModel model, TextData data) {
        Experiment experiment = model.experiment();
        if (experiment.model().feedForward() == FeedForwardKind.DENSE) {
            return Optional.empty();
        }
        TrainConfig train = experiment.train();
        int windows = Math.max(1, MAX_TOKENS / train.seqLen());
        int batchSize = Math.min(train.batchSize(), windows);
        // The sample is a permutation's beginning: fewer windows are a part of it.
        EvaluationBatches batches = EvaluationBatches.sample(
                data.split().validation(),
                train.seqLen(),
                batchSize,
                Math.min(train.evalBatches(), windows / batchSize),
                new RandomStreams(experiment.seed()));
        return Optional.of(new RoutingProbe(model, List.copyOf(batches)));
    }

    /** The sequences of a batch as text. */
    static List<String> windows(LanguageModel model, Batch batch) {
        List<String> windows = new ArrayList<>();
        for (int b = 0; b < batch.batchSize(); b++) {
            int[] tokens = new int[batch.seqLen()];
            for (int s = 0; s < tokens.length; s++) {
                tokens[s] = Math.toIntExact(batch.tokens()[s * batch.batchSize() + b]);
            }
            windows.add(model.tokenizer().decode(tokens));
        }
        return windows;
    }

    /** The windows that are routed. */
    List<String> text() {
        return text;
    }

    /** Routes the text through the model as it is now, after {@code step} steps. */
    RoutingSnapshot at(int step) {
        int seqLen = batches.get(0).seqLen();
        List<int[]> layers = new ArrayList<>();
        int experts = 0;
        int window = 0;
        for (int i = 0; i < batches.size(); i++) {
            Batch batch = batches.get(i);
            List<Routing> routing = route(batch, i);
            for (int layer = 0; layer < routing.size(); layer++) {
                if (layer == layers.size()) {
                    layers.add(new int[text.size() * seqLen]);
                }
                experts = routing.get(layer).plan().experts();
                for (int token = 0; token < batch.size(); token++) {
                    int s = token / batch.batchSize();
                    int b = token % batch.batchSize();
                    layers.get(layer)[(window + b) * seqLen + s] =
                            routing.get(layer).plan().route(token);
                }
            }
            window += batch.batchSize();
        }
        return new RoutingSnapshot(step, experts, seqLen, text, layers);
    }

    /** Only the host's part of the result outlives the pass. */
    private List<Routing> route(Batch batch, int index) {
        try (NDManager scope = model.manager().newSubManager()) {
            Pass pass = Pass.evaluation(
                    scope, new StepWeights(scope, model.network(), false), dropPolicy(index, batch.size()));
            return model.network()
                    .forward(pass, scope.create(batch.tokens(), new Shape(batch.seqLen(), batch.batchSize()))) // (S, B)
                    .routing();
        }
    }

    /**
     * The experiment's drop policy. Random dropping follows one fixed order of a layer's tokens, so that between probes the weights alone
     * decide who is dropped.
     */
    private DropPolicy dropPolicy(int batch, int tokens) {
        if (model.experiment().model().dropOrder() == DropOrder.POSITION) {
            return DropPolicy.byPosition();
        }
        RandomStreams streams = new RandomStreams(model.experiment().seed());
        Map<Integer, int[]> priorities = new HashMap<>();
        return (layer, expert, routed) -> {
            int[] priority = priorities.computeIfAbsent(layer, l -> {
                SplittableRandom random = streams.generator(RandomStream.DROPPING, "probe", batch, l);
                return random.ints(tokens).toArray();
            });
            return Arrays.stream(routed)
                    .mapToLong(token -> ((long) priority[token] << Integer.SIZE) | token)
                    .sorted()
                    .mapToInt(key -> (int) key)
                    .toArray();
        };
    }
}
