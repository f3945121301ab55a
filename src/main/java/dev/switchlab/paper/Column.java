package dev.switchlab.paper;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.analysis.Setting;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.Durations;
import dev.switchlab.runs.Run;
import java.util.DoubleSummaryStatistics;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.DoubleStream;

/** Columns of a question's table beside loss, difference and time. */
public enum Column {
    /** Training cross-entropy at the end: far below the validation's, a model overfits; as high, it underfits. */
    TRAINING("training loss", variant -> text(variant.mean(MetricNames.FINAL_TRAIN_CROSS_ENTROPY))),
    /** {@link Measures#MAX_VIOLATION}. */
    IMBALANCE("max violation", variant -> mean("%.2f", 1, variant, Measures.MAX_VIOLATION)),
    /** {@link Measures#DROPPED}. */
    DROPPED("dropped", variant -> mean("%.1f %%", 100, variant, Measures.DROPPED)),
    /** {@link Measures#STEP_MS}, median over runs. */
    SPEED("ms a step", variant -> text("%.1f", variant.median(run -> run.metric(Measures.STEP_MS)))),
    /** Standard deviation of the loss over seeds. */
    SPREAD(
            "s.d. over seeds",
            variant -> text("%.4f", variant.mean(Comparison.FINAL_SCORE).deviation())),
    /** Number of all weights, and of those that a token meets. */
    PARAMETERS(
            "parameters / active",
            variant -> mean("%,.0f", 1, variant, Measures.PARAMETERS) + " / "
                    + mean("%,.0f", 1, variant, Measures.ACTIVE)),
    /** Of the fastest and the slowest run, from start to end of its record: with scoring, without start of the JVM. */
    WALL("wall clock", Column::wall),
    /** Optimizer steps. */
    STEPS("steps", variant -> variant.params().get("train.steps")),
    /** {@link StepsToLoss#ofBaseline}: steps, and times those of the variant. */
    STEPS_TO_LOSS("baseline's steps to this loss", cell(StepsToLoss::ofBaseline, StepsToLoss::toString)),
    /** {@link StepsToLoss#seconds} of the baseline. */
    SECONDS_TO_LOSS(
            "times its seconds",
            cell(StepsToLoss::ofBaseline, found -> found.seconds().toString())),
    /** {@link StepsToLoss#ofVariant}: steps, and times how many the baseline has. */
    FEWER_STEPS("steps to the baseline's loss, times fewer", cell(StepsToLoss::ofVariant, StepsToLoss::toString)),
    /** {@link StepsToLoss#seconds} of the variant. */
    FEWER_SECONDS(
            "times fewer seconds",
            cell(StepsToLoss::ofVariant, found -> found.seconds().toString())),
    /** {@link KeptGain}. */
    KEPT_GAIN("teacher's gain kept", cell(KeptGain::of, KeptGain::toString)),
    /** Validation loss, on a part of the split, after a fifth of the steps. */
    EARLY("loss after a fifth", variant -> text(variant.mean(Measures::early))),
    /** Mutual information of expert and kind of character over the entropy of the kinds, mean over layers. */
    INFORMATION("information", variant -> text("%.3f", ofLayers(variant, Measures.INFORMATION))),
    /** Information of the router before the first step. */
    UNTRAINED("at step 0", variant -> text("%.3f", ofLayers(variant, Measures.UNTRAINED_INFORMATION))),
    /** {@link Measures#HASHED_INFORMATION}. */
    HASHED("by hash of the character", variant -> mean("%.3f", 1, variant, Measures.HASHED_INFORMATION));

    private final String title;

    @SuppressWarnings("ImmutableEnumChecker") // lambdas that capture nothing
    private final BiFunction<Setting, Comparison, String> cell;

    Column(String title, Function<Setting, String> cell) {
        this(title, (variant, comparison) -> cell.apply(variant));
    }

    Column(String title, BiFunction<Setting, Comparison, String> cell) {
        this.title = title;
        this.cell = cell;
    }

    /** Of what {@code measure} finds; empty without. */
    private static <T> BiFunction<Setting, Comparison, String> cell(
            BiFunction<Setting, Comparison, Optional<T>> measure, Function<T, String> text) {
        return (variant, comparison) ->
                measure.apply(variant, comparison).map(text).orElse("");
    }

    String title() {
        return title;
    }

    /** The cell of a variant; empty if its runs lack the measure. */
    String cell(Setting variant, Comparison comparison) {
        return cell.apply(variant, comparison);
    }

    private static String mean(String format, double factor, Setting variant, String metric) {
        return text(format, factor * variant.mean(metric).mean());
    }

    private static double ofLayers(Setting variant, String tag) {
        return variant.mean(run -> DoubleStream.of(Measures.numbers(run.tags().get(tag)))
                        .average()
                        .orElse(Double.NaN))
                .mean();
    }

    private static String wall(Setting variant) {
        DoubleSummaryStatistics seconds = variant.runs().stream()
                .mapToDouble(Run::seconds)
                .filter(Double::isFinite)
                .summaryStatistics();
        return seconds.getCount() == 0
                ? ""
                : Durations.text(seconds.getMin()) + " to " + Durations.text(seconds.getMax());
    }

    private static String text(MeanInterval interval) {
        return Double.isNaN(interval.mean()) ? "" : interval.toString();
    }

    static String text(String format, double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
    }
}
