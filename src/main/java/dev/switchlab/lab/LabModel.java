package dev.switchlab.lab;

import dev.switchlab.analysis.ExpertSimilarity;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.Evaluator;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.RoutingTrace;
import dev.switchlab.train.Sampler;
import dev.switchlab.train.TextGenerator;
import dev.switchlab.train.TextRouter;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** A trained model at the prompt. The lab closes it at its end. */
public final class LabModel implements AutoCloseable {

    private static final Pattern SELECTION_BIAS = Pattern.compile(".*layers\\.(\\d+)\\.feed_forward\\.selection_bias");
    private static final double TEMPERATURE = 0.8;
    private static final int LENGTH = 200;

    private final LanguageModel model;

    LabModel(LanguageModel model) {
        this.model = model;
    }

    /** The experiment that the model belongs to. */
    public Experiment experiment() {
        return model.experiment();
    }

    /**
     * Shows which experts each character of {@code text} goes to; evaluation mode, as in {@code make report}. A text of
     * at most {@code train.seq_len} characters goes through as one sequence. A longer one is cut into windows of that
     * length, which go through in batches of the training size: the model has never seen more at once
     * ({@link #sample(String)} shows it no more either), and what is dropped depends on what shares a batch. An
     * expert's capacity is a share of the tokens of its batch, so a short text fills experts more easily than training
     * does.
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

    /** One row per layer and expert: the cosine between its weights and those of each expert of the layer. */
    public LabTable similarity() {
        return Guard.call(() -> {
            Table similarity = ExpertSimilarity.of(model.stateDict().weights());
            if (similarity.isEmpty()) {
                throw dense("there are no experts");
            }
            return new LabTable(similarity).wide("other", "cosine");
        });
    }

    /** One row per layer and expert: the bias that moves the choice of experts, where the model has one. */
    public LabTable selectionBias() {
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
            return new LabTable(biases);
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
     * @param length characters to write
     * @param temperature 0 takes the most probable character
     * @param seed another seed writes another text
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
            return new Evaluator(model)
                    .evaluate(
                            data.validation(experiment()), experiment().train().steps());
        });
    }

    /** The weights by their state_dict names: shape, mean and standard deviation. */
    public LabTable weights() {
        return Guard.call(() -> {
            StringColumn name = StringColumn.create("weight");
            StringColumn shape = StringColumn.create("shape");
            DoubleColumn mean = DoubleColumn.create("mean");
            DoubleColumn deviation = DoubleColumn.create("deviation");
            model.stateDict().weights().forEach((key, weight) -> {
                DoubleColumn values = DoubleColumn.create(key);
                for (float value : weight.values()) {
                    values.append(value);
                }
                name.append(key);
                shape.append(Arrays.toString(weight.shape()));
                mean.append(values.mean());
                deviation.append(values.size() > 1 ? values.standardDeviation() : 0);
            });
            return new LabTable(Table.create("weights", name, shape, mean, deviation));
        });
    }

    /** SHA-256 over names, shapes and bits of all weights: equal exactly when the models are equal to the bit. */
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
                ModelWords.layers(e.model()),
                e.model().dModel(),
                model.tokenizer().size());
    }
}
