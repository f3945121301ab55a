package dev.switchlab.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The times that one subject took, by part, in ms. */
final class Samples {

    /** The part that is the whole. */
    static final String TOTAL = "total";

    private final Map<String, List<Double>> times = new LinkedHashMap<>();

    void add(String part, double ms) {
        times.computeIfAbsent(part, name -> new ArrayList<>()).add(ms);
    }

    Timing timing(String part) {
        return Timing.of(times.getOrDefault(part, List.of()));
    }

    /** In the order in which they were first added. */
    Map<String, Timing> timings() {
        Map<String, Timing> timings = new LinkedHashMap<>();
        times.forEach((part, list) -> timings.put(part, Timing.of(list)));
        return timings;
    }
}
