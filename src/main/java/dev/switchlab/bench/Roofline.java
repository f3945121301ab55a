package dev.switchlab.bench;

import ai.djl.Device;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The matrix products of some steps by themselves, each shape once: what the steps would take if they were nothing
 * else.
 */
final class Roofline implements Subject {

    private final Map<StepProduct, ProductTimer> timers = new LinkedHashMap<>();

    Roofline(Collection<StepProducts> steps, Device device) {
        Set<StepProduct> products = new LinkedHashSet<>();
        steps.forEach(step -> products.addAll(step.times().keySet()));
        try {
            products.forEach(product -> timers.put(product, new ProductTimer(product, device)));
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public void round(Samples samples) {
        timers.forEach((product, timer) -> timer.round().forEach((way, ms) -> samples.add(key(product) + way, ms)));
    }

    private static String key(StepProduct product) {
        return product + " by ";
    }

    /** Each product by its fastest way. */
    Map<StepProduct, ProductTime> times(Samples samples) {
        Map<String, Timing> timings = samples.timings();
        Map<StepProduct, ProductTime> times = new LinkedHashMap<>();
        for (StepProduct product : timers.keySet()) {
            Map<String, Timing> ways = new LinkedHashMap<>();
            timings.forEach((key, timing) -> {
                if (key.startsWith(key(product))) {
                    ways.put(key.substring(key(product).length()), timing);
                }
            });
            times.put(product, ProductTime.of(product, ways));
        }
        return times;
    }

    /** What the products of one step need by their fastest ways, in ms. */
    static double ms(StepProducts step, Map<StepProduct, ProductTime> times) {
        return step.times().entrySet().stream()
                .mapToDouble(entry -> times.get(entry.getKey()).ms() * entry.getValue())
                .sum();
    }

    /** Of one step, in its order. */
    static List<ProductTime> of(StepProducts step, Map<StepProduct, ProductTime> times) {
        return step.times().keySet().stream().map(times::get).toList();
    }

    @Override
    public void close() {
        timers.values().forEach(ProductTimer::close);
    }
}
