package dev.switchlab.paper;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.analysis.Setting;
import dev.switchlab.analysis.Specialization.Layer;
import dev.switchlab.experiment.MetricNames;
import java.util.Locale;
import java.util.function.BiFunction;

/** Columns of a question's table beside loss, difference and time. */
public enum Column {
    /** Training cross-entropy at the end: far below the validation's, a model overfits; as high, it underfits. */
    TRAINING(
            "training loss",
            (variant, measures) -> text(variant.mean(run -> run.metric(MetricNames.FINAL_TRAIN_CROSS_ENTROPY)))),
    /** Load of the fullest expert over the mean load, less one: mean over layers and the second half of training. */
    IMBALANCE(
            "max violation",
            (variant, measures) ->
                    text("%.2f", variant.mean(measures::maxViolation).mean())),
    /** Share of (token, choice) pairs without room in training: mean over layers and the second half of training. */
    DROPPED(
            "dropped",
            (variant, measures) ->
                    text("%.1f %%", 100 * variant.mean(measures::dropped).mean())),
    /** Milliseconds of a training step on an otherwise idle machine, median over runs. */
    SPEED("ms a step", (variant, measures) -> text("%.1f", variant.median(measures::stepMillis))),
    /** Standard deviation of the loss over seeds. */
    SPREAD(
            "s.d. over seeds",
            (variant, measures) ->
                    text("%.4f", variant.mean(Comparison.FINAL_SCORE).deviation())),
    /** Number of all weights, and of those that a token meets. */
    PARAMETERS(
            "parameters / active",
            (variant, measures) -> measures.parameters(variant).toString()),
    /** From the start of a run's record to its end, scoring included, start of the JVM excluded; median over runs. */
    WALL("wall clock", (variant, measures) -> Measures.duration(variant.seconds())),
    /** Score by windows of which only the last 16 characters count: {@code make evaluate STRIDE=16}. */
    STRIDE16(
            "loss by stride 16",
            (variant, measures) ->
                    text(variant.mean(run -> run.metric(MetricNames.strided(16) + MetricNames.CROSS_ENTROPY)))),
    /** Optimizer steps. */
    STEPS("steps", (variant, measures) -> variant.params().get("train.steps")),
    /** Mutual information of expert and kind of character over the entropy of the kinds, mean over layers. */
    INFORMATION(
            "information", (variant, measures) -> text("%.3f", measures.specialization(variant, Layer::information))),
    /** Information of a shuffled routing. */
    CHANCE("by chance", (variant, measures) -> text("%.4f", measures.specialization(variant, Layer::chance)));

    private final String title;

    @SuppressWarnings("ImmutableEnumChecker") // lambdas that capture nothing
    private final BiFunction<Setting, Measures, String> cell;

    Column(String title, BiFunction<Setting, Measures, String> cell) {
        this.title = title;
        this.cell = cell;
    }

    String title() {
        return title;
    }

    /** The cell of a variant; empty if its runs lack the measure. */
    String cell(Setting variant, Measures measures) {
        return cell.apply(variant, measures);
    }

    private static String text(MeanInterval interval) {
        return Double.isNaN(interval.mean()) ? "" : interval.toString();
    }

    private static String text(String format, double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
    }
}
