package dev.switchlab.paper;

import dev.switchlab.analysis.RouterSaturation;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.analysis.Specialization;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** What is measured of a run beside its score. Each is read once. */
final class Measures {

    private final RunSource source;
    private final Function<Run, Path> weights;
    private final Map<String, Specialization> specializations = new HashMap<>();
    private final Map<String, RouterSaturation> saturations = new HashMap<>();

    /**
     * @param source where runs are
     * @param weights where the file with a run's weights is
     */
    Measures(RunSource source, Function<Run, Path> weights) {
        this.source = source;
        this.weights = weights;
    }

    /** Cross-entropy of training at its end, in nats per character; NaN if it was not logged. */
    double trainingLoss(Run run) {
        return run.metrics().getOrDefault(MetricNames.FINAL_TRAIN_CROSS_ENTROPY, Double.NaN);
    }

    /** Largest load over mean load less one: mean over layers and the second half of training. NaN without experts. */
    double maxViolation(Run run) {
        return ofLayers(run, "max_violation");
    }

    /**
     * Share of (token, choice) pairs that were dropped: mean over layers and the second half of training. NaN without
     * experts.
     */
    double dropped(Run run) {
        return ofLayers(run, "dropped_fraction");
    }

    private double ofLayers(Run run, String quantity) {
        return run.metrics().keySet().stream()
                .filter(metric -> metric.matches("layer\\d+/" + quantity))
                .mapToDouble(metric -> secondHalf(source.history(run.runId(), metric)))
                .average()
                .orElse(Double.NaN);
    }

    private static double secondHalf(List<MetricPoint> points) {
        return points.subList(points.size() / 2, points.size()).stream()
                .mapToDouble(MetricPoint::value)
                .average()
                .orElse(Double.NaN);
    }

    /**
     * Milliseconds of a training step that nothing else on the machine slowed: nine tenths of the steps take longer.
     * NaN if their speed was not logged.
     */
    double stepMillis(Run run) {
        double[] speeds = source.history(run.runId(), MetricNames.TRAIN_TOKENS_PER_SECOND).stream()
                .mapToDouble(MetricPoint::value)
                .sorted()
                .toArray();
        double tokens = number(run, "train.batch_size") * number(run, "train.seq_len");
        return speeds.length == 0 ? Double.NaN : 1e3 * tokens / speeds[speeds.length * 9 / 10];
    }

    /**
     * Seconds that all training steps take at that speed: neither start and scoring, nor pauses and what else the
     * machine does.
     */
    double trainingSeconds(Run run) {
        return number(run, "train.steps") * stepMillis(run) / 1e3;
    }

    /** Seconds from the beginning of its record to its end, pauses included; NaN if it has no end. */
    static double wallSeconds(Run run) {
        return run.end()
                .map(end -> Duration.between(run.start(), end).toMillis() / 1e3)
                .orElse(Double.NaN);
    }

    /** The middle one of a variant's runs by some measure; NaN if none has it. */
    static double middle(Variant variant, ToDoubleFunction<Run> measure) {
        double[] values = variant.runs().values().stream()
                .mapToDouble(measure)
                .filter(Double::isFinite)
                .sorted()
                .toArray();
        return values.length == 0 ? Double.NaN : values[values.length / 2];
    }

    private static double number(Run run, String param) {
        return Double.parseDouble(run.params().getOrDefault(param, "NaN"));
    }

    /** Its weights, counted. */
    Parameters parameters(Variant variant) {
        Run run = variant.runs().get(variant.runs().firstKey());
        return Parameters.of(weights.apply(run), variant.child().experiment().model());
    }

    /** What experts tell of the kind of character at the end of training. */
    Specialization specialization(Run run) {
        return specializations.computeIfAbsent(run.runId(), id -> Specialization.of(source, run));
    }

    /** When routing settled. */
    RouterSaturation saturation(Run run) {
        return saturations.computeIfAbsent(run.runId(), id -> RouterSaturation.of(source, run));
    }

    /** Standard deviation of at least two values. */
    static double deviation(List<Double> values) {
        double mean = values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
        double squares = DoubleStream.of(
                        values.stream().mapToDouble(Double::doubleValue).toArray())
                .map(value -> (value - mean) * (value - mean))
                .sum();
        return Math.sqrt(squares / (values.size() - 1));
    }
}
