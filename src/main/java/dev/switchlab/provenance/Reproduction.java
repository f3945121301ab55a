package dev.switchlab.provenance;

import com.google.common.collect.Iterables;
import com.google.common.collect.Sets;
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

/**
 * The difference between a run and its repetition.
 *
 * @param compared number of points of either run
 * @param unequal number of points that are not bitwise equal
 * @param first the earliest of the unequal points
 * @param firstBeyond the earliest point out of tolerance
 * @param weights whether the final weights are bitwise equal
 * @param firstCheckpoint the first step whose checkpoint differs, of those that both runs saved
 * @param provenance entries of the provenance that differ, results left out
 * @param edited logged settings of the first run that its provenance contradicts
 * @param promised whether equal bits were promised
 */
public record Reproduction(
        Verdict verdict,
        long compared,
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

    /** Prefixes of the provenance entries that equal bits depend on. */
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

    /** Order of metrics within a step: a cause before its effects, training before scores. */
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

    /** The outcome of a reproduction. */
    public enum Verdict {
        /** All logged values and the final weights are bitwise equal. */
        IDENTICAL(0),
        /** Equal settings, and all values within the tolerance. */
        EQUIVALENT(3),
        /** Anything else. */
        DIFFERENT(4);

        private final int exitCode;

        Verdict(int exitCode) {
            this.exitCode = exitCode;
        }

        /** The exit code of {@code make reproduce}. */
        public int exitCode() {
            return exitCode;
        }
    }

    /**
     * A finished run to compare.
     *
     * @param points every logged value: metric, step, value
     */
    public record Finished(Provenance provenance, Map<String, ? extends SortedMap<Long, Double>> points) {

        /** Leaves timings out. */
        public Finished {
            Map<String, SortedMap<Long, Double>> compared = new TreeMap<>(points);
            compared.keySet().removeIf(MetricNames::isNotCompared);
            points = compared;
        }

        private Map<Long, Double> values(String metric) {
            return points.containsKey(metric) ? points.get(metric) : Map.of();
        }
    }

    /** The values of one entry in the first and the second run; empty where a run lacks the entry. */
    public record Pair(String first, String second) {}

    /**
     * A point that differs.
     *
     * @param first value in the first run; empty without the point
     * @param second value in the second run; empty without the point
     */
    public record Point(long step, String metric, Optional<Double> first, Optional<Double> second) {

        /** Distance between the values of both runs. */
        public Optional<Double> distance() {
            return first.flatMap(a -> second.map(b -> Math.abs(a - b)));
        }

        private boolean isBeyond(Tolerance tolerance) {
            if (distance().isEmpty()) {
                // A missing point is out of tolerance, but the last digit may decide whether a score is the best so
                // far.
                return !metric.equals(MetricNames.BEST_CROSS_ENTROPY);
            }
            return !tolerance.allows(metric, step, first.orElseThrow(), second.orElseThrow());
        }
    }

    /**
     * Compares two finished runs.
     *
     * @param first the repeated run
     * @param second its repetition
     * @param loggedSettings the settings that the first run logged when it began
     */
    public static Reproduction of(
            Finished first, Finished second, Map<String, String> loggedSettings, Tolerance tolerance) {
        List<Point> unequal = new ArrayList<>();
        long compared = 0;
        for (String metric : Sets.union(first.points().keySet(), second.points().keySet())) {
            Map<Long, Double> a = first.values(metric);
            Map<Long, Double> b = second.values(metric);
            for (long step : Sets.union(a.keySet(), b.keySet())) {
                Point point =
                        new Point(step, metric, Optional.ofNullable(a.get(step)), Optional.ofNullable(b.get(step)));
                compared++;
                if (!point.first().equals(point.second())) {
                    unequal.add(point);
                }
            }
        }
        List<Point> beyond =
                unequal.stream().filter(point -> point.isBeyond(tolerance)).toList();
        Provenance one = first.provenance();
        Provenance other = second.provenance();
        String finalWeights = one.digests().finalWeights();
        boolean weights =
                !finalWeights.isEmpty() && finalWeights.equals(other.digests().finalWeights());
        Map<String, Pair> edited = edited(loggedSettings, one.toExperiment().toParams());
        boolean equal = unequal.isEmpty() && weights && compared > 0;
        boolean near = beyond.isEmpty() && edited.isEmpty() && compared > 0;
        boolean promised = one.promise() != Promise.SEEDED
                && one.promise() == other.promise()
                && conditions(one, other).isEmpty()
                && edited.isEmpty();
        return new Reproduction(
                equal ? Verdict.IDENTICAL : near ? Verdict.EQUIVALENT : Verdict.DIFFERENT,
                compared,
                unequal.size(),
                earliest(unequal),
                earliest(beyond),
                tolerance,
                weights,
                firstCheckpoint(one.digests(), other.digests()),
                differences(sources(one), sources(other)),
                edited,
                promised);
    }

    /** Differences in entries that equal bits depend on. */
    public static Map<String, Pair> conditions(Provenance first, Provenance second) {
        Map<String, Pair> differences = differences(sources(first), sources(second));
        differences.keySet().removeIf(key -> CONDITIONS.stream().noneMatch(key::startsWith));
        return differences;
    }

    private static Optional<Point> earliest(List<Point> points) {
        return points.stream()
                .min(Comparator.comparingLong(Point::step)
                        .thenComparingInt(point -> rank(point.metric()))
                        .thenComparing(Point::metric));
    }

    private static int rank(String metric) {
        int rank = Iterables.indexOf(ORDER, metric::startsWith);
        return rank < 0 ? ORDER.size() : rank;
    }

    private static Optional<Integer> firstCheckpoint(Provenance.Digests one, Provenance.Digests other) {
        return one.checkpoints().entrySet().stream()
                .filter(entry -> other.checkpoints().containsKey(entry.getKey()))
                .filter(entry -> !other.checkpoints().get(entry.getKey()).equals(entry.getValue()))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** The entries of a provenance without results and command line. */
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
        for (String key : Sets.union(first.keySet(), second.keySet())) {
            Pair pair = new Pair(first.getOrDefault(key, ""), second.getOrDefault(key, ""));
            if (!pair.first().equals(pair.second())) {
                differences.put(key, pair);
            }
        }
        return differences;
    }
}
