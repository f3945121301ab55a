package dev.switchlab.golden;

import dev.switchlab.nn.Routing;
import dev.switchlab.nn.RoutingPlan;
import dev.switchlab.safetensors.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Routing statistics by the names that cases give them. */
final class RoutingOutputs {

    private RoutingOutputs() {}

    /** Of one layer: {@code counts} (E), {@code routes} (N), ... */
    static Map<String, Tensor> single(Routing routing) {
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        statistics(List.of(routing), new long[0], outputs);
        outputs.put("dropped", dropped(routing.plan()));
        return outputs;
    }

    /** Stacked over layers: {@code counts} (L, E), {@code routes} (L, N), ..., and {@code dropped.<layer>}. */
    static Map<String, Tensor> stacked(List<Routing> routing) {
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        statistics(routing, new long[] {routing.size()}, outputs);
        for (int layer = 0; layer < routing.size(); layer++) {
            outputs.put("dropped." + layer, dropped(routing.get(layer).plan()));
        }
        return outputs;
    }

    private static void statistics(List<Routing> layers, long[] stack, Map<String, Tensor> outputs) {
        RoutingPlan first = layers.get(0).plan();
        long[] perExpert = append(stack, first.experts());
        long[] perToken = append(stack, first.tokens());
        outputs.put("counts", counts(layers, perExpert));
        outputs.put(
                "route_prob_sum",
                floats(layers.stream().map(r -> r.scoreSum().toFloatArray()).toList(), perExpert));
        outputs.put(
                "route_prob_max",
                floats(layers.stream().map(r -> r.chosen().toFloatArray()).toList(), perToken));
        long[] routes = layers.stream()
                .flatMapToLong(r -> IntStream.range(0, r.plan().tokens()).mapToLong(r.plan()::route))
                .toArray();
        outputs.put("routes", Tensor.of(routes, perToken));
        long[] nDropped =
                layers.stream().mapToLong(r -> r.plan().droppedCount()).toArray();
        outputs.put("n_dropped", Tensor.of(nDropped, stack));
        outputs.put("capacity", Tensor.of(new long[] {first.capacity()}));
    }

    /** Tokens per expert before dropping, as floats like the reference's. */
    static Tensor counts(List<Routing> layers, long... shape) {
        return floats(layers.stream().map(r -> counts(r.plan())).toList(), shape);
    }

    private static float[] counts(RoutingPlan plan) {
        float[] counts = new float[plan.experts()];
        for (int expert = 0; expert < counts.length; expert++) {
            counts[expert] = plan.count(expert);
        }
        return counts;
    }

    private static Tensor dropped(RoutingPlan plan) {
        long[] dropped = Arrays.stream(plan.dropped()).asLongStream().toArray();
        return Tensor.of(dropped, dropped.length);
    }

    static Tensor floats(List<float[]> rows, long... shape) {
        float[] all = new float[rows.stream().mapToInt(row -> row.length).sum()];
        int at = 0;
        for (float[] row : rows) {
            System.arraycopy(row, 0, all, at, row.length);
            at += row.length;
        }
        return Tensor.of(all, shape);
    }

    private static long[] append(long[] shape, long size) {
        long[] longer = Arrays.copyOf(shape, shape.length + 1);
        longer[shape.length] = size;
        return longer;
    }
}
