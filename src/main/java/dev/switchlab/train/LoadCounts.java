package dev.switchlab.train;

import dev.switchlab.nn.Routing;
import dev.switchlab.nn.RoutingPlan;
import dev.switchlab.nn.SwitchFeedForward;
import java.util.ArrayList;
import java.util.List;

/** How many (token, choice) pairs wanted each expert in the micro-batches of a step, before dropping: what moves the selection bias. */
final class LoadCounts {

    private final List<SwitchFeedForward> layers;
    private final List<long[]> counts = new ArrayList<>();

    /** For the sparse layers of a model. */
    LoadCounts(List<SwitchFeedForward> layers) {
        this.layers = layers;
    }

    /** Adds a micro-batch, one entry per sparse layer. */
    void add(List<Routing> routing) {
        for (int i = 0; i < routing.size(); i++) {
            RoutingPlan plan = routing.get(i).plan();
            if (counts.size() == i) {
                counts.add(new long[plan.experts()]);
            }
            for (int expert = 0; expert < plan.experts(); expert++) {
                counts.get(i)[expert] += plan.count(expert);
            }
        }
    }

    void moveSelectionBias(double rate) {
        for (int i = 0; i < counts.size(); i++) {
            layers.get(i).moveSelectionBias(counts.get(i), rate);
        }
    }
}
