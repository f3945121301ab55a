package dev.switchlab.paper;

import com.google.common.base.Splitter;
import dev.switchlab.analysis.RouterSaturation;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.analysis.Setting;
import dev.switchlab.analysis.Specialization;
import dev.switchlab.analysis.Specialization.Layer;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.Durations;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tech.tablesaw.api.Row;
import tech.tablesaw.api.Table;

/** Measures of finished runs beside their score. */
final class Measures {

    /**
     * Seconds of all training steps at {@link #STEP_MS}: without start, scoring, pauses and other load of the machine.
     */
    static final String TRAINING_SECONDS = "training_seconds";
    /**
     * Milliseconds of a training step that nothing else on the machine slowed: nine tenths of the steps take longer.
     */
    static final String STEP_MS = "step_ms";
    /** Load of the fullest expert over the mean load, less one: mean over layers and the second half of training. */
    static final String MAX_VIOLATION = "max_violation";
    /** Share of (token, choice) pairs without room in training: mean over layers and the second half of training. */
    static final String DROPPED = "dropped_fraction";
    /** Number of all weights. */
    static final String PARAMETERS = "parameters";
    /** Number of weights that a token meets: of each sparse layer's routed experts, the top k. */
    static final String ACTIVE = "active_parameters";

    /** What a hash of the character to the experts knows of the kind of character: mean over hashes. */
    static final String HASHED_INFORMATION = "hashed_information";

    static final List<String> NUMBERS =
            List.of(STEP_MS, TRAINING_SECONDS, MAX_VIOLATION, DROPPED, PARAMETERS, ACTIVE, HASHED_INFORMATION);

    /** What the experts know of the kind of character at the end of training, by layer. */
    static final String INFORMATION = "information";
    /** What they know of it before the first step, by layer. */
    static final String UNTRAINED_INFORMATION = "untrained_information";
    /** The first step from which on the routing stays near that of the end, by layer. */
    static final String SETTLED = "settled";
    /** By step, mean over layers: share routed as at the end, and share by chance. */
    static final String SATURATION = "saturation";

    /** Validation loss by step. */
    static final String VALIDATION = "validation";

    static final List<String> TEXTS = List.of(VALIDATION, INFORMATION, UNTRAINED_INFORMATION, SETTLED, SATURATION);

    /** Weights and biases of routed experts, as the reference names them; not of the shared ones. */
    private static final Pattern EXPERT = Pattern.compile(".*\\.experts\\.\\d+\\..*");

    /** A layer has settled when this share of its tokens goes where it goes at the end, and goes on doing so. */
    private static final double SETTLED_SHARE = 0.8;

    private final RunSource source;
    private final Function<Run, Path> weights;

    /** @param weights finds the file with a run's weights */
    Measures(RunSource source, Function<Run, Path> weights) {
        this.source = source;
        this.weights = weights;
    }

    /** A run with these measures, as far as they can be had: numbers among its metrics, texts among its tags. */
    Run measured(Run run) {
        Map<String, Double> metrics = new HashMap<>(run.metrics());
        double stepMillis = stepMillis(run);
        metrics.put(STEP_MS, stepMillis);
        metrics.put(TRAINING_SECONDS, number(run, "train.steps") * stepMillis / 1e3);
        metrics.put(MAX_VIOLATION, ofLayers(run, "max_violation"));
        metrics.put(DROPPED, ofLayers(run, "dropped_fraction"));
        parameters(run).ifPresent(parameters -> {
            metrics.put(PARAMETERS, (double) parameters.all());
            metrics.put(ACTIVE, (double) parameters.active());
        });
        Specialization specialization = Specialization.of(source, run);
        metrics.put(HASHED_INFORMATION, specialization.hashed());
        NUMBERS.forEach(name -> metrics.computeIfPresent(name, (key, value) -> value.isNaN() ? null : value));
        Map<String, String> tags = new HashMap<>(run.tags());
        tags.put(
                VALIDATION,
                source.history(run.runId(), MetricNames.VALID + MetricNames.CROSS_ENTROPY).stream()
                        .map(point -> String.format(Locale.ROOT, "%d=%.5f", point.step(), point.value()))
                        .collect(Collectors.joining(", ")));
        if (!specialization.layers().isEmpty()) {
            Table saturation = RouterSaturation.of(source, run).table();
            tags.put(INFORMATION, byLayer(specialization, Layer::information));
            tags.put(UNTRAINED_INFORMATION, byLayer(specialization, Layer::untrained));
            tags.put(SETTLED, settled(saturation));
            tags.put(SATURATION, byStep(saturation));
        }
        return new Run(
                run.runId(),
                run.experimentId(),
                run.experiment(),
                run.name(),
                run.status(),
                run.start(),
                run.end(),
                run.params(),
                tags,
                metrics);
    }

    private static String byLayer(Specialization specialization, ToDoubleFunction<Layer> value) {
        return specialization.layers().stream()
                .map(layer -> String.format(Locale.ROOT, "%.4f", value.applyAsDouble(layer)))
                .collect(Collectors.joining(", "));
    }

    /** Numbers with commas between, as in the tags; none of an absent text. */
    static double[] numbers(String text) {
        return text == null
                ? new double[0]
                : Splitter.on(", ")
                        .splitToStream(text)
                        .mapToDouble(Double::parseDouble)
                        .toArray();
    }

    /** The validation losses of a measured run, by step. */
    static SortedMap<Long, Double> curve(Run measured) {
        SortedMap<Long, Double> curve = new TreeMap<>();
        String text = measured.tags().getOrDefault(VALIDATION, "");
        Splitter.on(", ").omitEmptyStrings().split(text).forEach(point -> {
            List<String> parts = Splitter.on('=').splitToList(point);
            curve.put(Long.valueOf(parts.get(0)), Double.valueOf(parts.get(1)));
        });
        return curve;
    }

    /** The validation loss at the last evaluation in the first fifth of training; NaN if there was none. */
    static double early(Run measured) {
        SortedMap<Long, Double> first = curve(measured).headMap((long) (number(measured, "train.steps") / 5) + 1);
        return first.isEmpty() ? Double.NaN : first.get(first.lastKey());
    }

    private static String byStep(Table saturation) {
        Map<Long, Double> chance = byStep(saturation, "chance");
        return byStep(saturation, "saturation").entrySet().stream()
                .map(step -> String.format(
                        Locale.ROOT, "%d=%.4f=%.4f", step.getKey(), step.getValue(), chance.get(step.getKey())))
                .collect(Collectors.joining(", "));
    }

    private static Map<Long, Double> byStep(Table saturation, String column) {
        return saturation.stream()
                .collect(Collectors.groupingBy(
                        row -> row.getLong("step"),
                        TreeMap::new,
                        Collectors.averagingDouble(row -> row.getDouble(column))));
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

    private double stepMillis(Run run) {
        double speed = Setting.percentile(
                source.history(run.runId(), MetricNames.TRAIN_TOKENS_PER_SECOND).stream()
                        .mapToDouble(MetricPoint::value),
                90);
        return 1e3 * number(run, "train.batch_size") * number(run, "train.seq_len") / speed;
    }

    private static double number(Run run, String param) {
        return Double.parseDouble(run.params().getOrDefault(param, "NaN"));
    }

    /** Such as {@code 1:08 min}; empty for NaN. */
    static String duration(double seconds) {
        return Double.isNaN(seconds) ? "" : Durations.text(seconds);
    }

    /**
     * Number of weights of a model.
     *
     * @param all of them
     * @param active those that a token meets: of each sparse layer's routed experts, the top k
     */
    record Parameters(long all, long active) {

        static Parameters of(Map<String, Tensor> tensors, int topK, int nExperts) {
            long all = 0;
            long experts = 0;
            for (Map.Entry<String, Tensor> tensor : tensors.entrySet()) {
                long size = Arrays.stream(tensor.getValue().shape()).reduce(1, (product, length) -> product * length);
                all += size;
                experts += EXPERT.matcher(tensor.getKey()).matches() ? size : 0;
            }
            return new Parameters(all, all - experts + experts * topK / nExperts);
        }
    }

    /** Empty if the weights were deleted. */
    private Optional<Parameters> parameters(Run run) {
        Path file = weights.apply(run);
        try {
            return Files.exists(file)
                    ? Optional.of(Parameters.of(
                            Safetensors.read(file).tensors(),
                            Integer.parseInt(run.params().get("model.top_k")),
                            Integer.parseInt(run.params().get("model.n_experts"))))
                    : Optional.empty();
        } catch (IOException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** By layer, the first step from which on the routing stays near that of the end. */
    static String settled(Table saturation) {
        Map<Integer, Long> first = new TreeMap<>();
        for (Row row : saturation) { // layer by layer, steps ascending
            boolean isNear = row.getDouble("saturation") >= SETTLED_SHARE;
            if (isNear) {
                first.putIfAbsent(row.getInt("layer"), row.getLong("step"));
            } else {
                first.remove(row.getInt("layer"));
            }
        }
        return first.values().stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}
