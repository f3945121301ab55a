package dev.switchlab.paper;

import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.Run;
import dev.switchlab.sweep.SweepRun;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * A row of a question's table.
 *
 * @param name what the question calls it
 * @param child with its first seed
 * @param runs finished, by seed; at least one
 */
public record Variant(String name, SweepRun child, SortedMap<Long, Run> runs) {

    static final String SCORE = MetricNames.FINAL + MetricNames.CROSS_ENTROPY;

    /** Copies the map. */
    public Variant {
        if (runs.isEmpty()) {
            throw new IllegalArgumentException("variant " + name + " has no run");
        }
        runs = new TreeMap<>(runs);
    }

    /** Cross-entropy on the whole validation split, in nats per character. */
    MeanInterval score() {
        return over(Variant::score);
    }

    static double score(Run run) {
        return run.metrics().getOrDefault(SCORE, Double.NaN);
    }

    /** Of some measure of its runs. */
    MeanInterval over(ToDoubleFunction<Run> measure) {
        return MeanInterval.of(
                runs.values().stream().mapToDouble(measure).toArray());
    }

    /** This less another, seed by seed; of no values where no seed is common. */
    MeanInterval lessThan(Variant other) {
        List<Double> differences = new ArrayList<>();
        runs.forEach((seed, run) -> {
            if (other.runs.containsKey(seed)) {
                differences.add(score(run) - score(other.runs.get(seed)));
            }
        });
        return MeanInterval.of(differences.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
