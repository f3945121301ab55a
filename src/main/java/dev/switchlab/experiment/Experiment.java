package dev.switchlab.experiment;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * One experiment, fully resolved: nothing is left to a default elsewhere.
 *
 * <p>Impossible values throw {@link ExperimentException}. Files are read by {@link ExperimentLoader}.
 *
 * @param id the file name without {@code .yaml}; also the name of the MLflow experiment
 * @param about why the experiment exists
 * @param expect what loss and time to expect of it as it is
 * @param semantics which set of defaults {@code model} started from
 * @param seed the root seed; every random stream is derived from it
 * @param corpus a known corpus name or the path of a UTF-8 text file
 * @param fallbackCorpus the corpus taken when {@code corpus} cannot be downloaded, or {@code none} to forbid that
 * @param trainFraction share of the corpus' characters, from its start, that training sees; the rest validates
 * @param validation what validates: that rest, or a part of what training would see
 * @param model the architecture
 * @param train the training recipe
 */
public record Experiment(
        String id,
        String about,
        String expect,
        Semantics semantics,
        @Setting("1") long seed,
        @Setting("tiny-shakespeare") String corpus,
        @Setting(value = "none", example = "dickens") String fallbackCorpus,
        @Setting(value = "0.9", in = "(0, 1)") double trainFraction,
        @Setting(older = "rest") Validation validation,
        ModelConfig model,
        TrainConfig train) {

    /** The {@link #fallbackCorpus} that forbids a fallback. */
    public static final String NO_FALLBACK = "none";

    /** What models are scored on while they are trained and at the end. */
    public enum Validation {
        /** What {@code train_fraction} leaves: the split that results are reported on. */
        REST,
        /**
         * The last tenth of what {@code train_fraction} gives to training, which then sees the other nine tenths. So
         * settings are chosen without a look at the split that results are reported on.
         */
        HELD_OUT
    }

    /** No settings of a run: they name and describe the experiment. */
    private static final Set<String> NOT_PARAMS = Set.of("id", "about", "expect");

    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");

    /** Checks every setting by itself, and the model against the recipe. */
    public Experiment {
        Settings.require(
                id != null && ID.matcher(id).matches(),
                "id",
                id == null ? "missing" : '"' + id + '"',
                "letters, digits, '.', '_' and '-', a letter or digit first",
                "tiny-shakespeare");
        about = about == null ? "" : about.strip();
        expect = expect == null ? "" : expect.strip();
        Settings.check("semantics", semantics);
        requireText("corpus", corpus, "a corpus name or the path of a UTF-8 text file", "tiny-shakespeare");
        requireText("fallback_corpus", fallbackCorpus, "a corpus name, a path, or none", "dickens");
        Settings.check("train_fraction", trainFraction);
        Settings.check("validation", validation);
        Settings.check("model", model);
        Settings.check("train", train);
        Settings.require(
                (long) model.topK() * train.tokensPerBatch() <= Integer.MAX_VALUE,
                "model.top_k",
                model.topK(),
                "at most " + Integer.MAX_VALUE / train.tokensPerBatch() + " with " + train.tokensPerBatch()
                        + " tokens per batch",
                2);
        checkCapacity("model.capacity_factor", model, train.tokensPerBatch(), true);
        checkCapacity("model.eval_capacity_factor", model, train.tokensPerBatch(), false);
        boolean reduced = train.precision().isReduced();
        Settings.require(
                !reduced || model.dispatch() == ModelConfig.DispatchForm.FUSED,
                "train.precision",
                train.precision(),
                "only float32 with another model.dispatch than fused",
                "float32");
        Settings.require(
                !reduced || (model.dropout() == 0 && model.expertDropout() == 0),
                "train.precision",
                train.precision(),
                "only float32 with model.dropout or model.expert_dropout above 0, which no product in bfloat16 has",
                "float32");
        Settings.require(
                model.exploration() != Exploration.SAMPLE || !train.hasSelectionBias(),
                "model.exploration",
                "sample",
                "argmax, input_dropout, jitter with train.selection_bias_rate above 0: the bias moves a ranking, not a distribution",
                "jitter");
        String router = "model.router=" + Settings.name(model.router());
        boolean scores = model.router().hasWeights();
        Settings.require(
                scores || !train.hasSelectionBias(),
                "train.selection_bias_rate",
                train.selectionBiasRate(),
                "only 0 with " + router + ", which has no scores to add a bias to",
                0);
        Settings.require(
                scores || train.zLoss() == 0,
                "train.z_loss",
                train.zLoss(),
                "only 0 with " + router + ", which has no logits to keep small",
                0);
        Settings.require(
                model.router() == ModelConfig.RouterKind.FROZEN || train.routerSteps() == 0,
                "train.router_steps",
                train.routerSteps(),
                "only 0 with " + router + "; any number with model.router=frozen",
                0);
    }

    /**
     * The preset of {@code semantics} with settings on top, for tests and for the shell.
     *
     * @param settings assignments as in {@code "model.heads=2 train.steps=5"}
     */
    public static Experiment of(Semantics semantics, String... settings) {
        return ExperimentLoader.preset(semantics, List.of(settings));
    }

    /**
     * This experiment with some settings changed.
     *
     * <p>In reference semantics an evaluation capacity factor that equals the training one goes on doing so.
     * {@code semantics} itself cannot be changed here: it chooses defaults, and these are resolved already.
     *
     * @param settings assignments as in {@code "model.heads=2 train.steps=5"}
     */
    public Experiment with(String... settings) {
        return ExperimentLoader.change(this, List.of(settings));
    }

    /** This experiment with another {@code train.sample_prompt}, which may have quotes of both kinds. */
    public Experiment withPrompt(String prompt) {
        Map<String, Given> settings = Settings.given(this);
        settings.put("train.sample_prompt", new Given(prompt, "text"));
        return Settings.bind(settings);
    }

    /** The fully resolved file; {@link ExperimentLoader#parse} reads it back to an equal record. */
    public String toYaml() {
        return Settings.write(this);
    }

    /**
     * Every setting, without what only describes the experiment, as a flat map in file order: {@code "model.d_model" ->
     * "128"}.
     */
    public Map<String, String> toParams() {
        Map<String, String> params = Settings.texts(this);
        params.keySet().removeAll(NOT_PARAMS);
        return params;
    }

    private static void requireText(String key, String value, String allowed, String example) {
        Settings.require(value != null && !value.isBlank(), key, value == null ? "missing" : "empty", allowed, example);
    }

    private static void checkCapacity(String key, ModelConfig model, int tokens, boolean training) {
        boolean drops = model.feedForward() == ModelConfig.FeedForwardKind.SWITCH && model.dropTokens();
        if (!drops || model.capacity(tokens, training) > 0) {
            return;
        }
        int pairs = model.topK() * tokens;
        double smallest = (double) model.nExperts() / pairs;
        while ((int) (smallest * pairs / model.nExperts()) == 0) {
            smallest = Math.nextUp(smallest);
        }
        Settings.require(
                false,
                key,
                training ? model.capacityFactor() : model.evalCapacityFactor(),
                "from %s, the smallest factor that lets each of %d experts take one of %d %s"
                        .formatted(
                                smallest,
                                model.nExperts(),
                                pairs,
                                model.topK() == 1 ? "tokens" : "(token, choice) pairs"),
                Math.max(1.0, Math.ceil(smallest)));
    }
}
