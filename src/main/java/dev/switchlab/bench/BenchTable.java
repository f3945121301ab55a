package dev.switchlab.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A section's times.
 *
 * @param id the section's
 * @param title what was timed
 * @param axis what x is
 * @param rows one per variant
 */
public record BenchTable(String id, String title, String axis, List<BenchRow> rows) {

    /**
     * One thing that was timed as a whole and in parts.
     *
     * @param name of its row
     * @param ms times by part; {@code total} is the whole
     */
    public static BenchTable of(String id, String title, String axis, String name, Map<String, List<Double>> ms) {
        Map<String, Timing> timings = new LinkedHashMap<>();
        ms.forEach((part, times) -> timings.put(part, Timing.of(times)));
        return new BenchTable(id, title, axis, List.of(new BenchRow(name, 1, "", "", timings, Map.of())));
    }

    Optional<BenchRow> row(int x) {
        return rows.stream()
                .filter(row -> row.x() == x && !row.name().equals(BenchSection.DENSE))
                .findFirst();
    }

    Optional<BenchRow> dense() {
        return rows.stream()
                .filter(row -> row.name().equals(BenchSection.DENSE))
                .findFirst();
    }
}
