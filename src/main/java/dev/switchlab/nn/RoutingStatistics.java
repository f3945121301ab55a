package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.RouterScope;
import dev.switchlab.experiment.RouterScore;
import dev.switchlab.nn.kernel.Script;
import java.util.ArrayList;
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
     * The statistics of one layer's routing of one batch. Reads them, which waits for the pass: {@link Numbers} can
     * wait.
     */
    public static RoutingStatistics of(Routing routing) {
        try (NDManager scratch = routing.routerScores().getManager().newSubManager()) {
            Numbers numbers = Numbers.of(scratch, routing);
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

    /**
     * The numbers that statistics are made of, still where the pass computed them: they are read with others of a step.
     */
    public static final class Numbers {

        private static final Script SCRIPT = Script.of("routing_statistics");

        /** Sums over tokens that come before those per expert: entropy and confidence. */
        private static final int HEAD = 2;

        private final int layer;
        private final int tokens;
        private final int choices;
        private final int e;
        private final double capacity;
        private final NDArray numbers;

        private Numbers(int layer, RoutingPlan plan, NDArray numbers) {
            this.layer = layer;
            tokens = plan.tokens();
            choices = plan.choices();
            e = plan.experts();
            capacity = plan.ownCapacity();
            this.numbers = numbers;
        }

        /**
         * The numbers of one layer's routing of one batch.
         *
         * @param manager owns them: they outlive the pass
         */
        public static Numbers of(NDManager manager, Routing routing) {
            ModelConfig model = routing.model();
            RoutingPlan plan = routing.plan();
            try (NDManager scratch = manager.newSubManager()) {
                NDArray kept =
                        plan.kept(scratch).orElseGet(() -> scratch.ones(new Shape(plan.pairs(), 1))); // (N * K, 1)
                NDArray bias = routing.selectionBias().orElseGet(() -> scratch.zeros(new Shape(0))); // (E) or (0)
                boolean ofLogits = model.routerScope() == RouterScope.CHOSEN;
                NDArray numbers = SCRIPT.tensor(
                        manager,
                        "numbers",
                        routing.routerScores(),
                        plan.routes(scratch),
                        plan.assignedExperts(scratch),
                        kept,
                        bias,
                        ofLogits,
                        model.routerScore() == RouterScore.SOFTMAX,
                        model.normalizeGates() || ofLogits);
                return new Numbers(routing.layer(), plan, numbers);
            }
        }

        /** One row of float64. */
        public NDArray tensor() {
            return numbers;
        }

        /**
         * What they say.
         *
         * @param read the values of {@link #tensor}
         */
        public RoutingStatistics statistics(double[] read) {
            double pairs = (double) tokens * choices;
            List<Expert> experts = new ArrayList<>();
            double fullest = 0;
            double droppedPairs = 0;
            int dead = 0;
            for (int expert = 0; expert < e; expert++) {
                double count = read[HEAD + expert];
                double dropped = read[HEAD + 3 * e + expert];
                fullest = Math.max(fullest, count);
                droppedPairs += dropped;
                dead += count == 0 ? 1 : 0;
                experts.add(new Expert(
                        count / pairs,
                        choices == 1 ? OptionalDouble.empty() : OptionalDouble.of(read[HEAD + e + expert] / tokens),
                        read[HEAD + 2 * e + expert],
                        dropped / pairs,
                        capacity == 0 ? 0 : read[HEAD + 4 * e + expert] / capacity,
                        read.length > HEAD + 5 * e
                                ? OptionalDouble.of(read[HEAD + 5 * e + expert])
                                : OptionalDouble.empty()));
            }
            return new RoutingStatistics(
                    layer, read[0], read[1], droppedPairs / pairs, fullest * e / pairs - 1, dead, List.copyOf(experts));
        }
    }
}
