package dev.switchlab.nn;

import dev.switchlab.experiment.MetricNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a switch layer's router did with one batch, as the numbers that go to MLflow.
 *
 * @param routerEntropy mean entropy of the router's distribution, in nats (0 to ln E)
 * @param confidence mean probability of the chosen expert
 * @param droppedFraction share of the tokens that were dropped
 * @param maxViolation load of the fullest expert over the mean load, minus 1 (0 is even)
 * @param deadExperts how many experts no (token, choice) pair was routed to
 * @param experts one entry per expert
 */
public record RoutingStatistics(
        double routerEntropy,
        double confidence,
        double droppedFraction,
        double maxViolation,
        int deadExperts,
        List<Expert> experts) {

    /**
     * One expert's share.
     *
     * @param load share of the layer's tokens routed to it, before dropping
     * @param probability its mean router probability
     * @param dropped share of the layer's tokens dropped there
     * @param utilization kept tokens over capacity; with no capacity to speak of (0) it is 0
     */
    public record Expert(double load, double probability, double dropped, double utilization) {}

    /** The statistics of one layer's routing of one batch. */
    public static RoutingStatistics of(Routing routing) {
        RoutingPlan plan = routing.plan();
        float[] p = routing.probabilities();
        int n = plan.tokens();
        int e = plan.experts();
        double entropy = 0;
        double confidence = 0;
        double[] mean = new double[e];
        for (int token = 0; token < n; token++) {
            for (int expert = 0; expert < e; expert++) {
                double probability = p[token * e + expert];
                mean[expert] += probability;
                if (probability > 0) {
                    entropy -= probability * StrictMath.log(probability);
                }
            }
            confidence += p[token * e + plan.route(token)];
        }
        Expert[] experts = new Expert[e];
        int fullest = 0;
        int dead = 0;
        for (int expert = 0; expert < e; expert++) {
            int count = plan.count(expert);
            int kept = plan.keptCount(expert);
            fullest = Math.max(fullest, count);
            dead += count == 0 ? 1 : 0;
            double utilization = plan.capacity() == 0 ? 0 : (double) kept / plan.capacity();
            experts[expert] =
                    new Expert((double) count / n, mean[expert] / n, (double) (count - kept) / n, utilization);
        }
        return new RoutingStatistics(
                entropy / n,
                confidence / n,
                (double) plan.droppedCount() / n,
                (double) fullest * e / n - 1,
                dead,
                List.of(experts));
    }

    /** As metrics, by the names of {@link MetricNames}. */
    public Map<String, Double> metrics(int layer) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(MetricNames.ofLayer(layer, "router_entropy"), routerEntropy);
        metrics.put(MetricNames.ofLayer(layer, "confidence"), confidence);
        metrics.put(MetricNames.ofLayer(layer, "dropped_fraction"), droppedFraction);
        metrics.put(MetricNames.ofLayer(layer, "max_violation"), maxViolation);
        metrics.put(MetricNames.ofLayer(layer, "dead_experts"), (double) deadExperts);
        for (int i = 0; i < experts.size(); i++) {
            Expert expert = experts.get(i);
            metrics.put(MetricNames.ofExpert(layer, "load", i), expert.load());
            metrics.put(MetricNames.ofExpert(layer, "probability", i), expert.probability());
            metrics.put(MetricNames.ofExpert(layer, "dropped", i), expert.dropped());
            metrics.put(MetricNames.ofExpert(layer, "utilization", i), expert.utilization());
        }
        return metrics;
    }
}
