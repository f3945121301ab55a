package dev.switchlab.paper;

import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.Durations;
import java.util.Locale;

/** What a question's table may show beside loss, difference and time. */
public enum Column {
    /** Training cross-entropy at the end: far below the validation's, a model overfits; as high, it underfits. */
    TRAINING("training loss") {
        @Override
        String cell(Variant variant, Measures measures) {
            MeanInterval loss = variant.over(measures::trainingLoss);
            return Double.isNaN(loss.mean()) ? "" : loss.toString();
        }
    },
    /** Load of the fullest expert over the mean load less one, mean over layers and the second half of training. */
    IMBALANCE("max violation") {
        @Override
        String cell(Variant variant, Measures measures) {
            return shown(variant.over(measures::maxViolation), "%.2f");
        }
    },
    /**
     * Share of (token, choice) pairs that found no room in training, mean over layers and the second half of training.
     */
    DROPPED("dropped") {
        @Override
        String cell(Variant variant, Measures measures) {
            MeanInterval share = variant.over(measures::dropped);
            return Double.isNaN(share.mean()) ? "" : String.format(Locale.ROOT, "%.1f %%", 100 * share.mean());
        }
    },
    /** Milliseconds of a training step that nothing else on the machine slowed, of the middle run. */
    SPEED("ms a step") {
        @Override
        String cell(Variant variant, Measures measures) {
            double millis = Measures.middle(variant, measures::stepMillis);
            return Double.isNaN(millis) ? "" : String.format(Locale.ROOT, "%.1f", millis);
        }
    },
    /** Standard deviation of the loss over seeds. */
    SPREAD("s.d. over seeds") {
        @Override
        String cell(Variant variant, Measures measures) {
            MeanInterval score = variant.score();
            return score.n() < 2
                    ? ""
                    : String.format(
                            Locale.ROOT,
                            "%.4f",
                            Measures.deviation(variant.runs().values().stream()
                                    .map(Variant::score)
                                    .toList()));
        }
    },
    /** Weights in all, and those that a token meets. */
    PARAMETERS("parameters / active") {
        @Override
        String cell(Variant variant, Measures measures) {
            Parameters count = measures.parameters(variant);
            return String.format(Locale.ROOT, "%,d / %,d", count.all(), count.active());
        }
    },
    /**
     * From the beginning of a run's record to its end, scoring included, but not the start of the JVM; of the middle
     * run.
     */
    WALL("wall clock") {
        @Override
        String cell(Variant variant, Measures measures) {
            double seconds = Measures.middle(variant, Measures::wallSeconds);
            return Double.isNaN(seconds) ? "" : Durations.text(seconds);
        }
    },
    /**
     * Score by windows of which only the last 16 characters count, so that more comes before each; kept by {@code make
     * evaluate STRIDE=16}.
     */
    STRIDE16("loss by stride 16") {
        @Override
        String cell(Variant variant, Measures measures) {
            MeanInterval score = variant.over(
                    run -> run.metrics().getOrDefault(MetricNames.strided(16) + MetricNames.CROSS_ENTROPY, Double.NaN));
            return Double.isNaN(score.mean()) ? "" : score.toString();
        }
    },
    /** Optimizer steps. */
    STEPS("steps") {
        @Override
        String cell(Variant variant, Measures measures) {
            return Integer.toString(variant.child().experiment().train().steps());
        }
    },
    /**
     * What experts tell of the kind of character: mutual information over the entropy of the kinds, mean over layers.
     */
    INFORMATION("information") {
        @Override
        String cell(Variant variant, Measures measures) {
            return shown(variant.over(run -> measures.specialization(run).information()), "%.3f");
        }
    },
    /** The same of a routing that was shuffled, which knows nothing of the characters. */
    CHANCE("by chance") {
        @Override
        String cell(Variant variant, Measures measures) {
            return shown(variant.over(run -> measures.specialization(run).chance()), "%.4f");
        }
    };

    private final String title;

    Column(String title) {
        this.title = title;
    }

    /** What stands above it. */
    String title() {
        return title;
    }

    abstract String cell(Variant variant, Measures measures);

    private static String shown(MeanInterval interval, String format) {
        return Double.isNaN(interval.mean()) ? "" : String.format(Locale.ROOT, format, interval.mean());
    }
}
