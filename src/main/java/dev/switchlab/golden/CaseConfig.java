package dev.switchlab.golden;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.Activation;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.ModelConfig.DropOrder;
import dev.switchlab.experiment.ModelConfig.DroppedTokens;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.experiment.RouterScope;
import dev.switchlab.experiment.RouterScore;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.experiment.TrainConfig.UpdateRule;
import dev.switchlab.io.Json;
import dev.switchlab.train.Adam;
import dev.switchlab.train.Adam.Decay;
import dev.switchlab.train.LearningRate;
import dev.switchlab.train.Muon;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The {@code config} of a case: flags and shapes by kind, bound by the names of record components in snake case. What a
 * record does not name, such as a seed, is ignored. Dropout is off whatever the config says: a case can be repeated, so
 * dropout was off when the case was captured.
 */
final class CaseConfig {

    /** Strict about types: no text for numbers, no fractions for whole numbers. */
    private static final JsonMapper MAPPER = Json.MAPPER
            .rebuild()
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT, DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    /** A batch so large that any capacity factor of an experiment is valid. */
    private static final String LARGE_BATCH = "train.batch_size=1000 train.seq_len=1000";

    private CaseConfig() {}

    /** Reads a config; a setting that is null counts as absent. */
    static ObjectNode parse(String json) {
        try {
            if (MAPPER.readTree(json) instanceof ObjectNode config) {
                config.properties().removeIf(field -> field.getValue().isNull());
                return config;
            }
        } catch (JsonProcessingException e) {
            throw new GoldenException("config is not valid JSON: " + firstLine(e.getOriginalMessage()), e);
        }
        throw new GoldenException("config is not a JSON object");
    }

    /**
     * Binds a config to the record of a kind.
     *
     * @param defaults values of the settings that a config may leave out; all others are required
     * @throws GoldenException naming field, value and what is allowed
     */
    static <C> C bind(ObjectNode config, Class<C> type, Map<String, ?> defaults) {
        ObjectNode all = MAPPER.valueToTree(defaults);
        all.setAll(config);
        try {
            return MAPPER.treeToValue(all, type);
        } catch (JsonMappingException e) {
            if (e.getCause() instanceof GoldenException wrong) {
                throw wrong;
            }
            String field = e.getPath().isEmpty() ? "" : e.getPath().get(0).getFieldName();
            if (!all.has(field)) {
                throw new GoldenException("config has no '" + field + "'", e);
            }
            throw wrong(field, all.get(field), allowed(e));
        } catch (JsonProcessingException e) {
            throw new GoldenException("config: " + firstLine(e.getOriginalMessage()), e);
        }
    }

    private static String allowed(JsonMappingException e) {
        Class<?> type = e instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : int.class;
        if (e.getPath().size() > 1 || Collection.class.isAssignableFrom(type)) {
            return "a list of numbers";
        }
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .map(constant -> lower((Enum<?>) constant))
                    .collect(Collectors.joining(", "));
        }
        return type == boolean.class
                ? "true or false"
                : type == int.class ? "whole numbers" : type == double.class ? "numbers" : "text";
    }

    private static GoldenException wrong(String field, Object value, String allowed) {
        String shown = value.toString();
        return new GoldenException("config " + field + " is "
                + (shown.length() > 60 ? shown.substring(0, 60) + "..." : shown) + "; allowed: " + allowed);
    }

    private static void requirePositive(String field, int value) {
        if (value < 1) {
            throw wrong(field, value, "whole numbers from 1");
        }
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    private static String lower(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** The reference's model with {@code settings} in place of its own. */
    private static ModelConfig model(List<String> settings) {
        try {
            return Experiment.of(Semantics.REFERENCE, settings.toArray(String[]::new))
                    .model();
        } catch (ExperimentException e) {
            throw new GoldenException("config: " + e.getMessage().replaceFirst("^override \\S+: ", ""), e);
        }
    }

    /**
     * A feed-forward network by itself.
     *
     * @param variant words with underscores between, as in {@code gated_silu_nobias}. Whether there are biases is seen
     *     from the weights.
     */
    record Network(int dModel, int dFf, String variant) {

        static Network of(CaseFile file) {
            Network config = file.config(Network.class, Map.of());
            file.checkSize("d_model", config.dModel, "layer1.weight", 1);
            file.checkSize("d_ff", config.dFf, "layer1.weight", 0);
            return config;
        }

        boolean gated() {
            return List.of(variant.split("_", -1)).contains("gated");
        }

        Activation activation() {
            Activation activation = Activation.RELU;
            for (String word : variant.split("_", -1)) {
                switch (word) {
                    case "relu", "gelu", "sigmoid", "silu" ->
                        activation = Activation.valueOf(word.toUpperCase(Locale.ROOT));
                    case "gated", "nobias", "nobias1", "nobias2", "nobiasgate" -> {}
                    default ->
                        throw wrong(
                                "variant",
                                "'" + variant + "'",
                                "relu, gelu, sigmoid, silu, gated and nobias, not " + word);
                }
            }
            return activation;
        }
    }

    /** Multi-head attention by itself; {@code bias} is that of query and key. */
    record Attention(int dModel, int heads, boolean bias) {

        Attention {
            requirePositive("heads", heads);
        }

        static Attention of(CaseFile file) {
            Attention config = file.config(Attention.class, Map.of());
            file.checkSize("d_model", config.dModel, "query.linear.weight", 1);
            return config;
        }
    }

    /**
     * A switch layer, alone or in a layer, a transformer or a language model. Sizes must be those of the stored
     * weights, so that a wrong config cannot make the checker build something huge; biases and gates are there when the
     * weights have them.
     */
    record Switch(
            int dModel,
            int heads,
            int dFf,
            int nLayers,
            int nExperts,
            double capacityFactor,
            int minCapacity,
            boolean dropTokens,
            DropOrder dropOrder,
            DroppedTokens droppedTokens,
            boolean isScaleProb,
            FeedForwardKind feedForward,
            Activation activation,
            Positions positions) {

        private static final Map<String, ?> DEFAULTS = Map.of(
                "heads", 1,
                "n_layers", 1,
                "capacity_factor", 1,
                "min_capacity", 0,
                "drop_order", "random",
                "dropped_tokens", "pass_through",
                "feed_forward", "switch",
                "activation", "relu",
                "positions", "none");

        /** A switch layer by itself. */
        static Switch ofLayer(CaseFile file) {
            Switch config = file.config(Switch.class, DEFAULTS);
            file.checkSize("d_model", config.dModel, "switch.weight", 1);
            return config.checked(file, "");
        }

        /**
         * Transformer layers.
         *
         * @param prefix what stands before a layer's number in parameter names; empty for one layer by itself
         */
        static Switch ofTransformer(CaseFile file, String prefix) {
            Switch config = file.config(Switch.class, DEFAULTS);
            if (!prefix.isEmpty()) {
                long stored = file.params().keySet().stream()
                        .filter(name -> name.startsWith(prefix))
                        .map(name -> name.substring(prefix.length()).split("\\.", 2)[0])
                        .distinct()
                        .count();
                if (stored != config.nLayers) {
                    throw new GoldenException(
                            "config n_layers is " + config.nLayers + ", but the weights have " + stored + " layers");
                }
            }
            String first = prefix.isEmpty() ? "" : prefix + "0.";
            file.checkSize("d_model", config.dModel, first + "norm_ff.weight", 0);
            return config.checked(file, first + "feed_forward.");
        }

        private Switch checked(CaseFile file, String network) {
            if (isSparse()) {
                file.checkSize("n_experts", nExperts, network + "switch.weight", 0);
                file.checkSize("d_ff", dFf, network + "experts.0.layer1.weight", 0);
            } else {
                file.checkSize("d_ff", dFf, network + "layer1.weight", 0);
            }
            model(file, DispatchForm.LOOP);
            return this;
        }

        boolean isSparse() {
            return feedForward == FeedForwardKind.SWITCH;
        }

        ModelConfig model(CaseFile file, DispatchForm dispatch) {
            List<String> settings = new ArrayList<>(List.of(
                    LARGE_BATCH,
                    "model.d_model=" + dModel,
                    "model.heads=" + heads,
                    "model.d_ff=" + dFf,
                    "model.n_layers=" + nLayers,
                    "model.capacity_factor=" + capacityFactor,
                    "model.eval_capacity_factor=" + capacityFactor,
                    "model.min_capacity=" + minCapacity,
                    "model.eval_min_capacity=" + minCapacity,
                    "model.drop_order=" + lower(dropOrder),
                    "model.dropped_tokens=" + lower(droppedTokens),
                    "model.router_bias=" + file.hasParam("switch.bias"),
                    "model.dispatch=" + lower(dispatch),
                    "model.activation=" + lower(activation),
                    "model.gated=" + file.hasParam("linear_v.weight"),
                    "model.feed_forward_bias=" + file.hasParam("layer1.bias"),
                    "model.attention_bias=" + file.hasParam("query.linear.bias"),
                    "model.positions=" + lower(positions)));
            settings.add(
                    isSparse()
                            ? "model.n_experts=" + nExperts + " model.drop_tokens=" + dropTokens
                                    + " model.is_scale_prob=" + isScaleProb
                            : "model.feed_forward=dense model.n_experts=1");
            return CaseConfig.model(settings);
        }
    }

    /** A language model around its transformer; {@code maxSeqLen} is the number of learned positions. */
    record Vocabulary(int nVocab, int maxSeqLen, double loadBalancingCoef) {

        static Vocabulary of(CaseFile file) {
            Map<String, ?> defaults =
                    Map.of("max_seq_len", file.config().path("seq_len").asInt());
            Vocabulary config = file.config(Vocabulary.class, defaults);
            file.checkSize("n_vocab", config.nVocab, "src_embed.weight", 0);
            if (file.params().containsKey("pos_embed.weight")) {
                file.checkSize("max_seq_len", config.maxSeqLen, "pos_embed.weight", 0);
            }
            return config;
        }
    }

    /** A mixture of experts by itself, as {@code golden/README.md} defines it. */
    record Moe(
            int dModel,
            int dFf,
            int nExperts,
            int topK,
            int sharedExperts,
            RouterScore score,
            RouterScope scoreOver,
            boolean normalize,
            double scale,
            boolean routerBias,
            boolean selectionBias,
            double selectionBiasRate,
            boolean dropTokens,
            int capacity,
            Activation activation,
            boolean gated,
            boolean expertBias,
            Balance loadBalance,
            boolean zLoss) {

        /** Losses that keep the load even. */
        enum Balance {
            NONE,
            SWITCH
        }

        Moe {
            requirePositive("top_k", topK);
            if (capacity < 0) {
                throw wrong("capacity", capacity, "whole numbers from 0");
            }
        }

        static Moe of(CaseFile file) {
            Map<String, Object> unused = new HashMap<>();
            if (!file.config().path("drop_tokens").asBoolean()) {
                unused.put("capacity", 0);
            }
            if (!file.config().path("selection_bias").asBoolean()) {
                unused.put("selection_bias_rate", 0);
            }
            Moe config = file.config(Moe.class, unused);
            file.checkSize("d_model", config.dModel, "switch.weight", 1);
            file.checkSize("n_experts", config.nExperts, "switch.weight", 0);
            file.checkSize("d_ff", config.dFf, "experts.0.layer1.weight", 0);
            config.checkShared(file);
            config.model(file, DispatchForm.LOOP);
            return config;
        }

        /** Before the width is multiplied out, and memory allocated for it. */
        private void checkShared(CaseFile file) {
            boolean isStored = file.params().containsKey("shared.layer1.weight");
            if (isStored || sharedExperts != 0) {
                file.checkSize("shared_experts * d_ff", (long) sharedExperts * dFf, "shared.layer1.weight", 0);
            }
        }

        ModelConfig model(CaseFile file, DispatchForm dispatch) {
            // Scores over the chosen sum to one already: nothing is left to normalize.
            boolean normalizes = normalize && scoreOver != RouterScope.CHOSEN;
            return CaseConfig.model(List.of(
                    LARGE_BATCH,
                    "model.n_layers=1 model.heads=1 model.feed_forward=switch model.is_scale_prob=true",
                    "model.drop_order=position model.dropped_tokens=zero",
                    "model.d_model=" + dModel,
                    "model.d_ff=" + dFf,
                    "model.n_experts=" + nExperts,
                    "model.top_k=" + topK,
                    "model.shared_experts=" + sharedExperts,
                    "model.router_score=" + lower(score),
                    "model.router_scope=" + lower(scoreOver),
                    "model.normalize_gates=" + normalizes,
                    "model.gate_scale=" + scale,
                    "model.router_bias=" + routerBias,
                    "model.drop_tokens=" + dropTokens,
                    "model.capacity_factor=" + capacityFactor(file),
                    "model.activation=" + lower(activation),
                    "model.gated=" + gated,
                    "model.feed_forward_bias=" + expertBias,
                    "model.dispatch=" + lower(dispatch)));
        }

        /** The factor that gives the case's capacity in pairs, whatever its rounding. */
        private double capacityFactor(CaseFile file) {
            return dropTokens ? (capacity + 0.5) * nExperts / ((double) topK * file.rows("x", dModel)) : 1;
        }
    }

    /** Optimizer steps; {@code lr} is the base learning rate. */
    record Optimization(
            String optimizer,
            double lr,
            List<Double> betas,
            double eps,
            double weightDecay,
            boolean amsgrad,
            boolean optimizedUpdate,
            boolean weightDecouple,
            boolean absolute,
            int warmup,
            int dModel,
            double muonLr,
            double momentum,
            double gradClip,
            int steps) {

        Optimization {
            requirePositive("steps", steps);
            requirePositive("warmup", warmup);
            if (betas.size() != 2) {
                throw wrong("betas", betas, "two numbers");
            }
        }

        static Optimization of(CaseFile file) {
            String name = file.config().path("optimizer").asText();
            Map<String, Object> defaults = new HashMap<>(Map.of(
                    "weight_decay", 0,
                    "amsgrad", name.equals("AMSGrad"),
                    "optimized_update", true,
                    "weight_decouple", true,
                    "absolute", false));
            if (!name.equals("Noam")) {
                defaults.putAll(Map.of("warmup", 1, "d_model", 1));
            }
            if (!name.equals("Muon")) {
                defaults.putAll(Map.of("muon_lr", 0, "momentum", 0));
            }
            Optimization config = file.config(Optimization.class, defaults);
            config.adam(); // fails for an unknown optimizer
            return config;
        }

        /** The update rule or, of Muon, the rule for weights that are no matrices. */
        Adam.Config adam() {
            return switch (optimizer) {
                case "Adam", "Noam", "AMSGrad" ->
                    adam(referenceDecay(), optimizedUpdate ? UpdateRule.REFERENCE : UpdateRule.TORCH);
                case "torch.Adam" -> adam(Decay.L2, UpdateRule.TORCH);
                case "torch.AdamW", "Muon" -> adam(Decay.DECOUPLED, UpdateRule.TORCH);
                default ->
                    throw wrong(
                            "optimizer", "'" + optimizer + "'", "Adam, AMSGrad, Noam, torch.Adam, torch.AdamW, Muon");
            };
        }

        private Adam.Config adam(Decay decay, UpdateRule update) {
            return new Adam.Config(betas.get(0), betas.get(1), eps, weightDecay, decay, amsgrad, update);
        }

        /** The reference's WeightDecay joins the gradient, or shrinks weights by base rate times decay or by decay. */
        private Decay referenceDecay() {
            return !weightDecouple ? Decay.L2 : absolute ? Decay.ABSOLUTE : Decay.DECOUPLED_BASE_RATE;
        }

        Optional<Muon.Config> muon() {
            return optimizer.equals("Muon") ? Optional.of(new Muon.Config(muonLr, momentum, adam())) : Optional.empty();
        }

        /** The learning rate of {@code step}, from 1: Noam's schedule, or constant. */
        double learningRateAt(int step) {
            return optimizer.equals("Noam") ? LearningRate.noam(lr, warmup, dModel, step) : lr;
        }

        /** About the furthest that Adam can move a weight. */
        double sumOfLearningRates() {
            double sum = 0;
            for (int step = 1; step <= steps; step++) {
                sum += learningRateAt(step);
            }
            return sum;
        }
    }
}
