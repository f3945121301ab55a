package dev.switchlab.bench;

import java.util.List;
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
