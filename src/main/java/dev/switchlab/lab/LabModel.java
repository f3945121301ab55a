package dev.switchlab.lab;

import com.google.common.primitives.Floats;
import dev.switchlab.analysis.ExpertSimilarity;
import dev.switchlab.analysis.Rows;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.nn.StateDict;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.Evaluator;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.RoutingTrace;
import dev.switchlab.train.Sampler;
import dev.switchlab.train.TextGenerator;
import dev.switchlab.train.TextRouter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.Table;

/** A trained model at the prompt. The session closes the model at its end. */
public final class LabModel implements AutoCloseable {

    private static final Pattern SELECTION_BIAS = Pattern.compile(".*layers\\.(\\d+)\\.feed_forward\\.selection_bias");
    private static final double TEMPERATURE = 0.8;
    private static final int LENGTH = 200;

    private final LanguageModel model;

    LabModel(LanguageModel model) {
        this.model = model;
    }

    /** The experiment of the model. */
    public Experiment experiment() {
        return model.experiment();
    }

    /**
     * Shows which experts each character of {@code text} goes to, in evaluation mode. A text of at most
     * {@code train.seq_len} characters is one sequence. A longer text is cut into windows of that length, in batches of
     * the training size: the model has never seen more at once, and dropping depends on the batch. An expert's capacity
     * is a share of the tokens of its batch, so a short text fills experts more easily than training does.
     */
    public Routes route(String text) {
        return Guard.call(() -> {
            RoutingTrace trace = new TextRouter(model).trace(text);
            if (trace.layers().isEmpty()) {
                throw dense("there is nothing to route");
            }
            return new Routes(trace);
        });
    }

    /** One row per layer and expert: the cosine similarity of its weights to each expert of the layer. */
    public Table similarity() {
        return Guard.call(() -> {
            Table similarity = ExpertSimilarity.of(model.stateDict().weights());
            if (similarity.isEmpty()) {
                throw dense("there are no experts");
            }
            return Tables.wide(similarity, "other", "cosine");
        });
    }

    /** One row per layer and expert: the selection bias, if the model has one. */
    public Table selectionBias() {
        return Guard.call(() -> {
            Table biases = Table.create(
                    "selection bias",
                    IntColumn.create("layer"),
                    IntColumn.create("expert"),
                    DoubleColumn.create("selection_bias"));
            model.stateDict().weights().forEach((name, weight) -> {
                Matcher layer = SELECTION_BIAS.matcher(name);
                for (int expert = 0; layer.matches() && expert < weight.values().length; expert++) {
                    biases.intColumn("layer").append(Integer.parseInt(layer.group(1)));
                    biases.intColumn("expert").append(expert);
                    biases.doubleColumn("selection_bias").append(weight.values()[expert]);
                }
            });
            if (biases.isEmpty()) {
                throw new LabException("experiment " + experiment().id() + " has no selection bias; take one with"
                        + " train.selection_bias_rate=0.001");
            }
            return biases;
        });
    }

    private LabException dense(String soThat) {
        return new LabException("experiment " + experiment().id() + " is dense: " + soThat
                + "; take one with model.feed_forward=switch, for example experiment(\"smoke\")");
    }

    /** Continues {@code prompt} by 200 characters at temperature 0.8 with seed 1. */
    public String sample(String prompt) {
        return sample(prompt, LENGTH, TEMPERATURE, 1);
    }

    /**
     * Continues {@code prompt}.
     *
     * @param length characters to generate
     * @param temperature 0 takes the most probable character
     * @param seed of the random choices
     */
    public String sample(String prompt, int length, double temperature, long seed) {
        return Guard.call(() -> {
            if (length < 0) {
                throw new IllegalArgumentException("length is " + length + ", allowed: 0 or more, for example 200");
            }
            return new TextGenerator(model, new Sampler(temperature, 0))
                    .generate(prompt, length, new RandomStreams(seed).generator(RandomStream.SAMPLING));
        });
    }

    /** Scores the model on the whole validation split of its corpus. */
    public Evaluation evaluate() {
        return Guard.call(() -> {
            TextData data =
                    TextData.of(CorpusStore.create().open(experiment()).corpus(), model.tokenizer(), experiment());
            return new Evaluator(model, data)
                    .evaluate(
                            data.validation(experiment()), experiment().train().steps());
        });
    }

    /** One row per weight: state_dict name, shape, mean and standard deviation. */
    public Table weights() {
        return Guard.call(() -> {
            Rows<Map.Entry<String, StateDict.Weight>> rows =
                    new Rows<>(List.copyOf(model.stateDict().weights().entrySet()));
            return Table.create(
                    "weights",
                    rows.text("weight", Map.Entry::getKey),
                    rows.text("shape", row -> Arrays.toString(row.getValue().shape())),
                    rows.number("mean", row -> values(row.getValue()).mean()),
                    rows.number("deviation", row -> deviation(values(row.getValue()))));
        });
    }

    private static DoubleColumn values(StateDict.Weight weight) {
        return DoubleColumn.create("value", Floats.asList(weight.values()));
    }

    private static double deviation(DoubleColumn values) {
        return values.size() > 1 ? values.standardDeviation() : 0;
    }

    /** SHA-256 over names, shapes and bits of all weights. */
    public String digest() {
        return Guard.call(model::digest);
    }

    @Override
    public void close() {
        model.close();
    }

    @Override
    public String toString() {
        Experiment e = experiment();
        return String.format(
                Locale.ROOT,
                "model of %s seed %d: %,d parameters, %s, width %d, %d characters",
                e.id(),
                e.seed(),
                model.stateDict().size(),
                layers(e.model()),
                e.model().dModel(),
                model.tokenizer().size());
    }

    /** Such as {@code 3 layers, 8 experts (2 per token, 1 shared) in every 2nd}. */
    static String layers(ModelConfig model) {
        String layers = model.nLayers() == 1 ? "1 layer" : model.nLayers() + " layers";
        if (model.feedForward() == FeedForwardKind.DENSE) {
            return layers + ", dense";
        }
        List<String> details = new ArrayList<>();
        if (model.topK() > 1) {
            details.add(model.topK() + " per token");
        }
        if (model.sharedExperts() > 0) {
            details.add(model.sharedExperts() + " shared");
        }
        return layers + ", " + model.nExperts() + (model.nExperts() == 1 ? " expert" : " experts")
                + (details.isEmpty() ? "" : " (" + String.join(", ", details) + ")")
                + (model.moeEvery() == 1 ? "" : " in every " + ordinal(model.moeEvery()));
    }

    /** 1st, 2nd, 3rd, 4th ... */
    static String ordinal(int number) {
        int last = number % 10;
        boolean isTeen = number % 100 / 10 == 1;
        return number + (isTeen || last > 3 || last == 0 ? "th" : last == 1 ? "st" : last == 2 ? "nd" : "rd");
    }
}
