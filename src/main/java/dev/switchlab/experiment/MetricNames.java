package dev.switchlab.experiment;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of the metrics that a run logs. Of an expert's metric the quantity comes first
 * ({@code layer0/load/expert3}): MLflow draws metrics that are alike up to the last slash side by side.
 */
public final class MetricNames {

    /** Mean cross-entropy per token of the step's batch, in nats. */
    public static final String TRAIN_CROSS_ENTROPY = "train/cross_entropy";

    /** Cross-entropy, mixed with that of a teacher, plus the weighted auxiliary losses. */
    public static final String TRAIN_LOSS = "train/loss";

    /** Load-balancing loss summed over layers, before its coefficient. */
    public static final String TRAIN_LOAD_BALANCE = "train/load_balance";

    /** Router z-loss summed over layers, before its coefficient. */
    public static final String TRAIN_Z_LOSS = "train/z_loss";

    /** Mean cross-entropy with the teacher's probabilities, in nats. */
    public static final String TRAIN_TEACHER_CROSS_ENTROPY = "train/teacher_cross_entropy";

    /** Global gradient norm before clipping. */
    public static final String TRAIN_GRAD_NORM = "train/grad_norm";

    /** Learning rate of the step. */
    public static final String TRAIN_LEARNING_RATE = "train/learning_rate";

    /** Throughput. It measures the machine, not the model. */
    public static final String TRAIN_TOKENS_PER_SECOND = "train/tokens_per_second";

    /** Scores on a fixed sample of the validation split, such as {@code valid/cross_entropy}. */
    public static final String VALID = "valid/";

    /** Scores on the whole validation split at the end of training. */
    public static final String FINAL = "final/";

    /**
     * Scores that were taken of a trained model later, in another way than {@link #FINAL}: they are not part of its
     * training.
     */
    public static final String EVALUATE = "evaluate/";

    /** The mean training cross-entropy of the last steps, logged at the end, beside the scores. */
    public static final String FINAL_TRAIN_CROSS_ENTROPY = "final/train_cross_entropy";

    /** Mean cross-entropy per character, in nats: after {@link #VALID} or {@link #FINAL}. */
    public static final String CROSS_ENTROPY = "cross_entropy";

    /** Cross-entropy in bits: after {@link #VALID} or {@link #FINAL}. */
    public static final String BITS_PER_CHAR = "bits_per_char";

    /**
     * Cross-entropy in bits per byte of the text, which can be compared across tokenizers: after {@link #VALID} or
     * {@link #FINAL}.
     */
    public static final String BITS_PER_BYTE = "bits_per_byte";

    /** Share of characters for which the most probable one is right: after {@link #VALID} or {@link #FINAL}. */
    public static final String ACCURACY = "accuracy";

    /** The lowest {@code valid/cross_entropy} so far, at the step it was reached at. */
    public static final String BEST_CROSS_ENTROPY = "best/cross_entropy";

    /** What MLflow measures of the machine. */
    public static final String SYSTEM = "system/";

    /** Quantities of a layer. */
    public static final List<String> OF_LAYER =
            List.of("router_entropy", "confidence", "dropped_fraction", "max_violation", "dead_experts");

    /** Quantities per expert of a layer. */
    public static final List<String> OF_EXPERT =
            List.of("load", "first_choice", "probability", "dropped", "utilization", "selection_bias");

    /** Those of them that only some runs have: with several choices per token, and with a selection bias. */
    public static final List<String> NOT_IN_EVERY_RUN = List.of("first_choice", "selection_bias");

    private static final Pattern ROUTING = Pattern.compile("layer(\\d{1,9})/(\\w+)(?:/expert(\\d{1,9}))?");

    private MetricNames() {}

    /**
     * A statistic of a router.
     *
     * @param layer from 0
     * @param quantity one of {@link #OF_LAYER}, or of {@link #OF_EXPERT} where there is an expert
     * @param expert from 0; empty for a quantity of the whole layer
     */
    public record RoutingMetric(int layer, String quantity, OptionalInt expert) {}

    /** Such as {@code layer0/router_entropy}. */
    public static String ofLayer(int layer, String quantity) {
        return "layer" + layer + "/" + quantity;
    }

    /** Such as {@code layer0/load/expert3}. */
    public static String ofExpert(int layer, String quantity, int expert) {
        return ofLayer(layer, quantity) + "/expert" + expert;
    }

    /** What {@code name} stands for, if it is a statistic of a router. */
    public static Optional<RoutingMetric> routing(String name) {
        Matcher matcher = ROUTING.matcher(name);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        OptionalInt expert =
                matcher.group(3) == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(matcher.group(3)));
        boolean known = (expert.isPresent() ? OF_EXPERT : OF_LAYER).contains(matcher.group(2));
        return known
                ? Optional.of(new RoutingMetric(Integer.parseInt(matcher.group(1)), matcher.group(2), expert))
                : Optional.empty();
    }

    /**
     * Scores on the whole validation split by windows that overlap, such as {@code evaluate/stride16/} before
     * {@code cross_entropy}.
     *
     * @param stride characters that a window counts
     */
    public static String strided(int stride) {
        return EVALUATE + "stride" + stride + "/";
    }

    /** Whether {@code name} was measured after training, by a command of its own. */
    public static boolean isLater(String name) {
        return name.startsWith(EVALUATE);
    }

    /**
     * Whether {@code name} is left out where two runs are compared value by value: it measures the machine, or it is
     * {@link #BITS_PER_BYTE}, which follows from the cross-entropy, and which older runs do not have.
     */
    public static boolean isNotCompared(String name) {
        return name.equals(TRAIN_TOKENS_PER_SECOND) || name.startsWith(SYSTEM) || name.endsWith("/" + BITS_PER_BYTE);
    }
}
