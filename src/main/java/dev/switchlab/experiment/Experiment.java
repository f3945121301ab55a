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
 * @param tokenizer {@code characters}; {@code bytes}, with which any file can be a corpus; or the path of a
 *     {@code tokenizer.json} of Hugging Face's tokenizers
 * @param initFrom a run, or a weights file, whose weights training begins with, and whose vocabulary it keeps;
 *     {@code none} for random weights. The feed-forward network of a dense model becomes each expert of a sparse one
 *     (sparse upcycling, arXiv 2212.05055)
 * @param initParts what is taken from there
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
        @Setting(older = "characters", example = "bytes") String tokenizer,

        @Setting(older = "none", example = "3f2a91c0") String initFrom,
        @Setting(older = "all") InitParts initParts,
        @Setting(value = "0.9", in = "(0, 1)") double trainFraction,
        @Setting(older = "rest") Validation validation,
        ModelConfig model,
        TrainConfig train) {

    /** The {@link #initFrom} and {@link TrainConfig#teacher} that name no run. */
    public static final String NONE = "none";

    /** The {@link #fallbackCorpus} that forbids a fallback. */
    public static final String NO_FALLBACK = NONE;

    /** Which weights are taken from a trained model. */
    public enum InitParts {
        /** All; those that the other model does not have are named, and nothing is trained. */
        ALL,
        /**
         * All but routers and feed-forward networks, which begin at random: a dense model begins with a sparse one's
         * (Switch Transformers, section 4.2, table 6).
         */
        NON_EXPERT
    }

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
        requireText("tokenizer", tokenizer, "characters, bytes, or the path of a tokenizer.json", "bytes");
        requireText("init_from", initFrom, "a run, a weights file, or none", "3f2a91c0");
        Settings.check("init_parts", initParts);
        Settings.require(
                initParts == InitParts.ALL || !initFrom.equals(NONE),
                "init_parts",
                Settings.name(initParts),
                "only all with init_from=none",
                "all");
        requireText("fallback_corpus", fallbackCorpus, "a corpus name, a path, or none", "dickens");
        Settings.check("train_fraction", trainFraction);
        Settings.check("validation", validation);
        Settings.check("model", model);
        Settings.check("train", train);
        requireText("train.teacher", train.teacher(), "a run, a weights file, or none", "3f2a91c0");
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

    /** What a token is: {@code character}, {@code byte} or {@code token}. */
    public String unit() {
        return unit(tokenizer);
    }

    /** What a token of a tokenizer is, by its setting. */
    public static String unit(String tokenizer) {
        return switch (tokenizer) {
            case "characters" -> "character";
            case "bytes" -> "byte";
            default -> "token";
        };
    }

    /** Whether training builds on trained models: on one that it begins with, or on a teacher. */
    public boolean hasOrigins() {
        return !initFrom.equals(NONE) || !train.teacher().equals(NONE);
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
