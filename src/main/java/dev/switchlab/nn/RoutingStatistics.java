package dev.switchlab.nn;

import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.MetricNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What a switch layer's router did with one batch, as the numbers that go to MLflow. Shares are of the layer's (token,
 * choice) pairs; with one choice per token they are of the tokens.
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
     * @param firstChoice share of the layer's tokens whose first choice it is; empty with one choice, where it is the
     *     load
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

    /**
     * The statistics of one layer's routing of one batch. Reads them, which waits for the pass: {@link RoutingNumbers}
     * can wait.
     */
    public static RoutingStatistics of(Routing routing) {
        try (NDManager scratch = routing.ranking().getManager().newSubManager()) {
            RoutingNumbers numbers = RoutingNumbers.of(scratch, routing);
            return numbers.statistics(HostCopy.doubles(numbers.tensor()));
        }
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
