package dev.switchlab.provenance;

import dev.switchlab.experiment.LaterSettings;
import dev.switchlab.experiment.MetricNames;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A run held against the run that it repeats.
 *
 * @param verdict the outcome
 * @param compared number of points in either run
 * @param otherNames whether one run is so old that metrics of routers have other names; then only metrics that both
 *     have are compared
 * @param unequal number of points that are not equal to the bit
 * @param first the earliest of them
 * @param firstBeyond the earliest that is out of tolerance
 * @param tolerance what was allowed
 * @param weights whether the final weights are equal to the bit
 * @param firstCheckpoint the first step whose checkpoint differs, of those that both runs saved
 * @param provenance entries of the provenance that differ, results left out
 * @param edited settings that the first run logged, and what its provenance says where that is something else
 * @param promised whether equal bits were promised
 */
public record Comparison(
        Verdict verdict,
        long compared,
        boolean otherNames,
        long unequal,
        Optional<Point> first,
        Optional<Point> firstBeyond,
        Tolerance tolerance,
        boolean weights,
        Optional<Integer> firstCheckpoint,
        Map<String, Pair> provenance,
        Map<String, Pair> edited,
        boolean promised) {

    private static final String EXPERIMENT = "experiment.";

    /** What a promise of equal bits depends on: entries of the provenance that begin so. */
    private static final List<String> CONDITIONS = List.of(
            EXPERIMENT,
            "text.sha256",
            "source.commit",
            "source.diff_sha256",
            "versions.switchlab",
            "versions.jdk",
            "versions.djl",
            "versions.libtorch",
            "machine.instruction_sets",
            "machine.kernels",
            "computation.",
            "environment.");

    /** What both runs have, the first and the second; empty where one has nothing. */
    public record Pair(String first, String second) {}

    /**
     * A point that differs.
     *
     * @param first in the first run; empty if it has no such point
     * @param second in the second run; empty if it has no such point
     */
    public record Point(long step, String metric, Optional<Double> first, Optional<Double> second) {

        /** Distance, where both are there. */
        public Optional<Double> distance() {
            return first.flatMap(a -> second.map(b -> Math.abs(a - b)));
        }
    }

    /** In a step, what training gives comes before what is measured afterwards; a cause before its effects. */
    private static final List<String> ORDER = List.of(
            MetricNames.TRAIN_LEARNING_RATE,
            MetricNames.TRAIN_CROSS_ENTROPY,
            MetricNames.TRAIN_LOAD_BALANCE,
            MetricNames.TRAIN_LOSS,
            MetricNames.TRAIN_GRAD_NORM,
            "layer",
            MetricNames.VALID,
            MetricNames.BEST_CROSS_ENTROPY,
            MetricNames.FINAL);

    /**
     * Compares.
     *
     * @param first the run that is repeated
     * @param second the run that repeats it
     * @param loggedSettings the settings that the first run logged when it began
     */
    public static Comparison of(
            RunRecord first, RunRecord second, Map<String, String> loggedSettings, Tolerance tolerance) {
        List<Point> unequal = new ArrayList<>();
        List<Point> beyond = new ArrayList<>();
        long compared = 0;
        TreeSet<String> metrics = new TreeSet<>(first.points().keySet());
        metrics.addAll(second.points().keySet());
        boolean otherNames = metrics.stream().anyMatch(MetricNames::isOlder);
        if (otherNames) {
            metrics.retainAll(first.points().keySet());
            metrics.retainAll(second.points().keySet());
        }
        for (String metric : metrics) {
            SortedMap<Long, Double> a = values(first, metric);
            SortedMap<Long, Double> b = values(second, metric);
            TreeSet<Long> steps = new TreeSet<>(a.keySet());
            steps.addAll(b.keySet());
            compared += steps.size();
            for (long step : steps) {
                Point point =
                        new Point(step, metric, Optional.ofNullable(a.get(step)), Optional.ofNullable(b.get(step)));
                if (!point.first().equals(point.second())) {
                    unequal.add(point);
                    if (isBeyond(point, tolerance)) {
                        beyond.add(point);
                    }
                }
            }
        }
        Digests one = first.provenance().digests();
        Digests other = second.provenance().digests();
        boolean weights = !one.finalWeights().isEmpty() && one.finalWeights().equals(other.finalWeights());
        Map<String, Pair> edited =
                edited(loggedSettings, first.provenance().toExperiment().toParams());
        Map<String, Pair> provenance = differences(sources(first.provenance()), sources(second.provenance()));
        return new Comparison(
                verdict(
                        unequal.isEmpty() && weights && compared > 0,
                        beyond.isEmpty() && edited.isEmpty() && compared > 0),
                compared,
                otherNames,
                unequal.size(),
                earliest(unequal),
                earliest(beyond),
                tolerance,
                weights,
                firstCheckpoint(one, other),
                provenance,
                edited,
                promised(first, second, provenance) && edited.isEmpty());
    }

    /**
     * A point that only one run has is beyond every tolerance; but whether a score is the best so far may hang on its
     * last digit.
     */
    private static boolean isBeyond(Point point, Tolerance tolerance) {
        if (point.distance().isEmpty()) {
            return !point.metric().equals(MetricNames.BEST_CROSS_ENTROPY);
        }
        return !tolerance.allows(
                point.metric(),
                point.step(),
                point.first().orElseThrow(),
                point.second().orElseThrow());
    }

    /** Whether both runs promise bits, and nothing differs that the promise depends on. */
    private static boolean promised(RunRecord first, RunRecord second, Map<String, Pair> differences) {
        return first.provenance().promise() != Promise.SEEDED
                && first.provenance().promise() == second.provenance().promise()
                && differences.keySet().stream().noneMatch(Comparison::isCondition);
    }

    private static boolean isCondition(String key) {
        return CONDITIONS.stream().anyMatch(key::startsWith);
    }

    /** What differs of that on which equal bits depend. */
    public static Map<String, Pair> conditions(Provenance first, Provenance second) {
        Map<String, Pair> differences = differences(sources(first), sources(second));
        differences.keySet().removeIf(key -> !isCondition(key));
        return differences;
    }

    private static Verdict verdict(boolean equal, boolean near) {
        if (equal) {
            return Verdict.IDENTICAL;
        }
        return near ? Verdict.EQUIVALENT : Verdict.DIFFERENT;
    }

    private static SortedMap<Long, Double> values(RunRecord run, String metric) {
        SortedMap<Long, Double> values = run.points().get(metric);
        return values == null ? new TreeMap<>() : values;
    }

    private static Optional<Point> earliest(List<Point> points) {
        return points.stream()
                .min(Comparator.comparingLong(Point::step)
                        .thenComparingInt(point -> rank(point.metric()))
                        .thenComparing(Point::metric));
    }

    private static int rank(String metric) {
        for (int i = 0; i < ORDER.size(); i++) {
            if (metric.startsWith(ORDER.get(i))) {
                return i;
            }
        }
        return ORDER.size();
    }

    private static Optional<Integer> firstCheckpoint(Digests one, Digests other) {
        return one.checkpoints().entrySet().stream()
                .filter(entry -> other.checkpoints().containsKey(entry.getKey()))
                .filter(entry -> !other.checkpoints().get(entry.getKey()).equals(entry.getValue()))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** The provenance without what came out, and without how the run was called. */
    private static Map<String, String> sources(Provenance provenance) {
        Map<String, String> entries = LaterSettings.complete(provenance.entries(), EXPERIMENT);
        entries.keySet().removeIf(key -> key.startsWith("digests.") && !key.equals("digests.initial_weights"));
        entries.remove("command");
        return entries;
    }

    private static Map<String, Pair> edited(Map<String, String> logged, Map<String, String> stored) {
        Map<String, String> settings = LaterSettings.complete(logged);
        settings.keySet().retainAll(stored.keySet());
        return differences(settings, stored);
    }

    private static Map<String, Pair> differences(Map<String, String> first, Map<String, String> second) {
        Map<String, Pair> differences = new LinkedHashMap<>();
        first.forEach((key, value) -> {
            String other = second.getOrDefault(key, "");
            if (!value.equals(other)) {
                differences.put(key, new Pair(value, other));
            }
        });
        second.forEach((key, value) -> {
            if (!first.containsKey(key)) {
                differences.put(key, new Pair("", value));
            }
        });
        return differences;
    }
}
