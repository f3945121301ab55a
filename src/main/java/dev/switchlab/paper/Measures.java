package dev.switchlab.paper;

import dev.switchlab.analysis.RouterSaturation;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.analysis.Setting;
import dev.switchlab.analysis.Specialization;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.Durations;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tech.tablesaw.api.Row;

/** Measures of runs beside their score. */
final class Measures {

    /** Weights and biases of routed experts, as the reference names them; not of the shared ones. */
    private static final Pattern EXPERT = Pattern.compile(".*\\.experts\\.\\d+\\..*");

    /** A layer has settled when this share of its tokens goes where it goes at the end, and goes on doing so. */
    private static final double SETTLED = 0.8;

    private final RunSource source;
    private final Function<Run, Path> weights;
    private final Map<String, Specialization> specializations = new HashMap<>();
    private final Map<String, RouterSaturation> saturations = new HashMap<>();

    /** @param weights finds the file with a run's weights */
    Measures(RunSource source, Function<Run, Path> weights) {
        this.source = source;
        this.weights = weights;
    }

    /** By {@link Column#IMBALANCE}; NaN without experts. */
    double maxViolation(Run run) {
        return ofLayers(run, "max_violation");
    }

    /** By {@link Column#DROPPED}; NaN without experts. */
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
        double speed = Setting.percentile(
                source.history(run.runId(), MetricNames.TRAIN_TOKENS_PER_SECOND).stream()
                        .mapToDouble(MetricPoint::value),
                90);
        return 1e3 * number(run, "train.batch_size") * number(run, "train.seq_len") / speed;
    }

    /** Seconds of all training steps at that speed: without start, scoring, pauses and other load of the machine. */
    double trainingSeconds(Run run) {
        return number(run, "train.steps") * stepMillis(run) / 1e3;
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

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%,d / %,d", all, active);
        }
    }

    /** The weights of a variant's first run. */
    Parameters parameters(Setting variant) {
        try {
            return Parameters.of(
                    Safetensors.read(weights.apply(variant.runs().get(0))).tensors(),
                    Integer.parseInt(variant.params().get("model.top_k")),
                    Integer.parseInt(variant.params().get("model.n_experts")));
        } catch (IOException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** What the experts know of the kind of character at the end of training. */
    Specialization specialization(Run run) {
        return specializations.computeIfAbsent(run.runId(), id -> Specialization.of(source, run));
    }

    /** Mean over the runs of a variant, and over layers; NaN if a run kept no routing. */
    double specialization(Setting variant, ToDoubleFunction<Specialization.Layer> of) {
        return variant.mean(run -> specialization(run).mean(of)).mean();
    }

    RouterSaturation saturation(Run run) {
        return saturations.computeIfAbsent(run.runId(), id -> RouterSaturation.of(source, run));
    }

    /** By layer, the first step from which on the routing stays near that of the end, with commas between. */
    String settled(Run run) {
        Map<Integer, Long> first = new TreeMap<>();
        for (Row row : saturation(run).table()) { // layer by layer, steps ascending
            boolean isNear = row.getDouble("saturation") >= SETTLED;
            if (isNear) {
                first.putIfAbsent(row.getInt("layer"), row.getLong("step"));
            } else {
                first.remove(row.getInt("layer"));
            }
        }
        return first.values().stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}
