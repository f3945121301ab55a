package dev.switchlab.session;

import ai.djl.Device;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.provenance.Reproduction;
import dev.switchlab.provenance.Reproduction.Finished;
import dev.switchlab.provenance.Reproduction.Pair;
import dev.switchlab.provenance.ReproductionReport;
import dev.switchlab.provenance.Tolerance;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.train.MetricsDigest;
import java.io.IOException;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A finished run that is repeated from its provenance.
 *
 * @param store where both runs are
 * @param first the run that is repeated
 * @param provenance of the first run
 */
public record RepeatedRun(MirroredBook store, Run first, Provenance provenance) {

    /** What differs here and now of all that equal bits depend on. */
    public Map<String, Pair> differingConditions(TrainingInput input, Device device, RankPlan plan) {
        String kernels = input.kernelsOn(device).toString();
        String weights = provenance.digests().initialWeights();
        Provenance now = input.provenance("", device, kernels, weights, plan.ranks(), plan.expertParallel());
        return Reproduction.conditions(provenance, now);
    }

    /**
     * Compares the runs, and keeps report and verdict with the second.
     *
     * @param warnings takes a line if the first run's values were changed in the book
     */
    public Reproduction compare(String secondId, Consumer<String> warnings) throws IOException {
        Run second = store.find(secondId);
        Finished one = new Finished(provenance, trainingPoints(first));
        Finished other = new Finished(new StoredRun(store, second).provenance(), trainingPoints(second));
        if (!MetricsDigest.of(one.points()).equals(provenance.digests().metrics())) {
            warnings.accept("the metrics of run " + first.runId() + " in the book are not those that the run logged:"
                    + " their digest is not the one in its provenance");
        }
        Reproduction reproduction = Reproduction.of(one, other, first.params(), Tolerance.DEFAULT);
        String report = ReproductionReport.of(reproduction, first.runId(), secondId);
        store.book().keep(secondId, ReproductionReport.ARTIFACT, report);
        store.book()
                .tag(
                        secondId,
                        Map.of("switchlab.verdict", reproduction.verdict().name()));
        store.update(second);
        return reproduction;
    }

    /** All values that a run logged while it was trained: metric, step, value. */
    private Map<String, SortedMap<Long, Double>> trainingPoints(Run run) {
        Map<String, SortedMap<Long, Double>> points = new TreeMap<>();
        for (String metric : run.metrics().keySet()) {
            if (MetricNames.isLater(metric)) {
                continue;
            }
            SortedMap<Long, Double> values = new TreeMap<>();
            for (MetricPoint point : store.book().history(run.runId(), metric)) {
                if (values.put(point.step(), point.value()) != null) {
                    throw new IllegalArgumentException("run " + run.runId() + " has " + metric + " at step "
                            + point.step() + " twice; it cannot be compared");
                }
            }
            points.put(metric, values);
        }
        return points;
    }
}
