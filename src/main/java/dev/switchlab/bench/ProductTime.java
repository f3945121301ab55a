package dev.switchlab.bench;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How fast one product of the step is by itself.
 *
 * @param layer which layer it belongs to
 * @param direction forward, data gradient or weight gradient
 * @param groups products of one shape
 * @param m rows of the result
 * @param k what is summed over
 * @param n columns of the result
 * @param gflopPerSecond 10^9 floating-point operations a second, by the way it was computed
 * @param fastest the fastest of these ways
 * @param ms the fastest median time of one
 */
public record ProductTime(
        String layer,
        String direction,
        int groups,
        int m,
        int k,
        int n,
        Map<String, Double> gflopPerSecond,
        String fastest,
        double ms) {

    static ProductTime of(StepProduct product, Map<String, Timing> times) {
        Map<String, Double> speeds = new LinkedHashMap<>();
        times.forEach((way, timing) -> speeds.put(way, product.flop() / timing.median() / 1e6));
        Map.Entry<String, Timing> best = times.entrySet().stream()
                .min(Comparator.comparingDouble(entry -> entry.getValue().median()))
                .orElseThrow();
        return new ProductTime(
                words(product.role()),
                words(product.direction()),
                product.groups(),
                product.m(),
                product.k(),
                product.n(),
                speeds,
                best.getKey(),
                best.getValue().median());
    }

    static String words(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
