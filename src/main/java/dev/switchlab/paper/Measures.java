package dev.switchlab.paper;

import dev.switchlab.analysis.RouterSaturation;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.analysis.Specialization;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
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

    /** Share of (token, choice) pairs that were dropped: mean over layers and the second half of training. NaN without experts. */
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

    /** Milliseconds of the middle one of the training steps; NaN if their speed was not logged. */
    double stepMillis(Run run) {
        double[] speeds = source.history(run.runId(), MetricNames.TRAIN_TOKENS_PER_SECOND).stream()
                .mapToDouble(MetricPoint::value)
                .sorted()
                .toArray();
        double tokens = number(run, "train.batch_size") * number(run, "train.seq_len");
        return speeds.length == 0 ? Double.NaN : 1e3 * tokens / speeds[speeds.length / 2];
    }

    /** From start to end, in seconds, scoring included; NaN for a run without an end. */
    static double seconds(Run run) {
        return run.end()
                .map(end -> java.time.Duration.between(run.start(), end).toMillis() / 1e3)
                .orElse(Double.NaN);
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

    /** Mean of values that are numbers; NaN of none. */
    static double mean(double... values) {
        return Arrays.stream(values).filter(Double::isFinite).average().orElse(Double.NaN);
    }
}
