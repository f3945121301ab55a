package dev.switchlab.nn;

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
 * @param experts one entry an expert
 */
public record RoutingStatistics(
        double routerEntropy, double confidence, double droppedFraction, double maxViolation, List<Expert> experts) {

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
        for (int expert = 0; expert < e; expert++) {
            int count = plan.count(expert);
            int kept = plan.keptCount(expert);
            fullest = Math.max(fullest, count);
            double utilization = plan.capacity() == 0 ? 0 : (double) kept / plan.capacity();
            experts[expert] =
                    new Expert((double) count / n, mean[expert] / n, (double) (count - kept) / n, utilization);
        }
        return new RoutingStatistics(
                entropy / n,
                confidence / n,
                (double) plan.droppedCount() / n,
                (double) fullest * e / n - 1,
                List.of(experts));
    }

    /** As metrics: {@code layer0/router_entropy}, {@code layer0/expert3/load} and so on. */
    public Map<String, Double> metrics(int layer) {
        String prefix = "layer" + layer + "/";
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(prefix + "router_entropy", routerEntropy);
        metrics.put(prefix + "confidence", confidence);
        metrics.put(prefix + "dropped_fraction", droppedFraction);
        metrics.put(prefix + "max_violation", maxViolation);
        for (int i = 0; i < experts.size(); i++) {
            Expert expert = experts.get(i);
            String name = prefix + "expert" + i + "/";
            metrics.put(name + "load", expert.load());
            metrics.put(name + "probability", expert.probability());
            metrics.put(name + "dropped", expert.dropped());
            metrics.put(name + "utilization", expert.utilization());
        }
        return metrics;
    }
}
