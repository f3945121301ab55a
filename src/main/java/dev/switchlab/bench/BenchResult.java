package dev.switchlab.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Everything that a benchmark measured; its JSON file is this record.
 *
 * @param setup under which conditions
 * @param tables the times, one table per section
 * @param products the products of the experiment's step by themselves
 * @param memory resident memory
 * @param summary what the tables say, in lines; the last is for programs, too
 */
public record BenchResult(
        BenchSetup setup,
        List<BenchTable> tables,
        List<ProductTime> products,
        BenchMemory memory,
        List<String> summary) {

    static Optional<BenchTable> table(List<BenchTable> tables, String id) {
        return tables.stream().filter(table -> table.id().equals(id)).findFirst();
    }

    /** The lines below the tables. */
    static List<String> summary(BenchSetup setup, int experts, List<BenchTable> tables) {
        BenchTable steps = table(tables, BenchSection.EXPERTS).orElseThrow();
        BenchRow own = steps.row(experts).orElseThrow();
        List<String> lines = new ArrayList<>();
        steps.dense()
                .ifPresent(dense -> lines.add(line(
                        "%d experts against dense at the same operations: %.2f times the time",
                        experts, own.total() / dense.total())));
        steps.rows().stream()
                .filter(row -> row.x() > experts)
                .reduce((a, b) -> b)
                .ifPresent(most -> lines.add(line(
                        "from %d to %d experts: %.2f times the time; without clipping and optimizer %.2f",
                        experts,
                        most.x(),
                        most.total() / own.total(),
                        most.figures().get(BenchRow.WITHOUT_UPDATE)
                                / own.figures().get(BenchRow.WITHOUT_UPDATE))));
        for (String id : List.of(BenchSection.EVALUATION, BenchSection.GENERATION)) {
            table(tables, id).ifPresent(table -> {
                BenchRow first = table.rows().get(0);
                String compared = first.figures().containsKey(BenchRow.RATIO)
                        ? line(", %.2f of the reference's time", first.figures().get(BenchRow.RATIO))
                        : "";
                String speed = id.equals(BenchSection.GENERATION)
                        ? line("%.0f tokens a second", 1000 / first.total())
                        : line("%.1f ms", first.total());
                lines.add(table.title() + " (" + first.name() + "): " + speed + compared);
            });
        }
        String ratio = own.figures().containsKey(BenchRow.RATIO)
                ? line("%.2f", own.figures().get(BenchRow.RATIO))
                : "not measured";
        lines.add(line(
                "share of roofline %.2f (%d experts, %s, %d threads), ratio to reference %s",
                own.figures().get(BenchRow.SHARE), experts, setup.precision(), setup.threads(), ratio));
        return List.copyOf(lines);
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
