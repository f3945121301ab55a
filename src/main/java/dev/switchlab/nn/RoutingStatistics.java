package dev.switchlab.nn;

import dev.switchlab.experiment.MetricNames;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What a switch layer's router did with one batch, as the numbers that go to MLflow. Shares are of the layer's (token, choice) pairs; with
 * one choice per token they are of the tokens.
 *
 * @param layer index of the layer in the transformer
 * @param routerEntropy mean entropy of the router's distribution, in nats (0 to ln E)
 * @param confidence mean gate of the first choice, before {@code gate_scale}
 * @param droppedFraction share of the pairs that were dropped
 * @param maxViolation load of the fullest expert over the mean load, minus 1 (0 is even)
 * @param deadExperts how many experts no pair was routed to
 * @param experts one entry per expert
 */
public record RoutingStatistics(
        int layer,
        double routerEntropy,
        double confidence,
        double droppedFraction,
        double maxViolation,
        int deadExperts,
        List<Expert> experts) {

    /**
     * One expert's share.
     *
     * @param load share of the layer's pairs routed to it, before dropping
     * @param firstChoice share of the layer's tokens whose first choice it is; empty with one choice, where it is the load
     * @param probability its mean router probability
     * @param dropped share of the layer's pairs that wanted it and were dropped
     * @param utilization kept pairs over capacity; with no capacity to speak of (0) it is 0
     * @param selectionBias what was added to its score for the choice; empty where nothing is
     */
    public record Expert(
            double load,
            OptionalDouble firstChoice,
            double probability,
            double dropped,
            double utilization,
            OptionalDouble selectionBias) {}

    /** The statistics of one layer's routing of one batch. */
    public static RoutingStatistics of(Routing routing) {
        RoutingPlan plan = routing.plan();
        float[] p = routing.probabilities();
        float[] bias = routing.selectionBias().map(HostCopy::floats).orElse(new float[0]);
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
            confidence += routing.confidence(p, token);
        }
        List<Expert> experts = new ArrayList<>();
        double pairs = plan.pairs();
        int[] dropped = droppedPerExpert(plan);
        int fullest = 0;
        int dead = 0;
        for (int expert = 0; expert < e; expert++) {
            int count = plan.count(expert);
            fullest = Math.max(fullest, count);
            dead += count == 0 ? 1 : 0;
            experts.add(new Expert(
                    count / pairs,
                    plan.choices() == 1
                            ? OptionalDouble.empty()
                            : OptionalDouble.of((double) plan.firstCount(expert) / n),
                    mean[expert] / n,
                    dropped[expert] / pairs,
                    plan.capacity() == 0 ? 0 : (double) plan.keptCount(expert) / plan.capacity(),
                    bias.length == 0 ? OptionalDouble.empty() : OptionalDouble.of(bias[expert])));
        }
        return new RoutingStatistics(
                routing.layer(),
                entropy / n,
                confidence / n,
                plan.droppedCount() / pairs,
                (double) fullest * e / plan.pairs() - 1,
                dead,
                List.copyOf(experts));
    }

    private static int[] droppedPerExpert(RoutingPlan plan) {
        int[] dropped = new int[plan.experts()];
        for (int pair : plan.dropped()) {
            dropped[plan.route(pair / plan.choices(), pair % plan.choices())]++;
        }
        return dropped;
    }

    /** As metrics, by the names of {@link MetricNames}. */
    public Map<String, Double> metrics() {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(MetricNames.ofLayer(layer, "router_entropy"), routerEntropy);
        metrics.put(MetricNames.ofLayer(layer, "confidence"), confidence);
        metrics.put(MetricNames.ofLayer(layer, "dropped_fraction"), droppedFraction);
        metrics.put(MetricNames.ofLayer(layer, "max_violation"), maxViolation);
        metrics.put(MetricNames.ofLayer(layer, "dead_experts"), (double) deadExperts);
        for (int i = 0; i < experts.size(); i++) {
            int index = i;
            Expert expert = experts.get(i);
            metrics.put(MetricNames.ofExpert(layer, "load", i), expert.load);
            expert.firstChoice.ifPresent(
                    share -> metrics.put(MetricNames.ofExpert(layer, "first_choice", index), share));
            metrics.put(MetricNames.ofExpert(layer, "probability", i), expert.probability);
            metrics.put(MetricNames.ofExpert(layer, "dropped", i), expert.dropped);
            metrics.put(MetricNames.ofExpert(layer, "utilization", i), expert.utilization);
            expert.selectionBias.ifPresent(
                    bias -> metrics.put(MetricNames.ofExpert(layer, "selection_bias", index), bias));
        }
        return metrics;
    }
}
