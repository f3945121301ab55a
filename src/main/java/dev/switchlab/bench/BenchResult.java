package dev.switchlab.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.DoubleFunction;

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

    /** How many times as many experts the growth of a step is told for. */
    private static final int GROWTH = 16;

    /** The same with one more table, of something else. */
    public BenchResult with(BenchTable table) {
        List<BenchTable> more = new ArrayList<>(tables);
        more.add(table);
        return new BenchResult(setup, List.copyOf(more), products, memory, summary);
    }

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
                .filter(row -> row.x() > experts && row.x() <= GROWTH * experts)
                .reduce((less, more) -> more)
                .ifPresent(most -> lines.add(line(
                        "from %d to %d experts: %.2f times the time; without clipping and optimizer %.2f",
                        experts,
                        most.x(),
                        most.total() / own.total(),
                        most.figures().get(BenchRow.WITHOUT_UPDATE)
                                / own.figures().get(BenchRow.WITHOUT_UPDATE))));
        table(tables, BenchSection.EVALUATION).ifPresent(table -> {
            BenchRow row = table.rows().get(0);
            lines.add(line("%s (%s): %.1f ms", table.title(), row.name(), row.total())
                    + compared(row, ratio -> line(", %.2f of the reference's time", ratio)));
        });
        table(tables, BenchSection.GENERATION).ifPresent(table -> {
            BenchRow row = table.rows().get(0);
            lines.add(line("generation at a context of %s: %.0f tokens a second", row.name(), 1000 / row.total())
                    + compared(row, ratio -> line(", %.1f times the reference's", 1 / ratio)));
        });
        lines.add(line(
                "share of roofline %.2f (%d experts, %s, %d threads), ratio to reference %s",
                own.figures().get(BenchRow.SHARE),
                experts,
                setup.precision(),
                setup.threads(),
                own.figures().containsKey(BenchRow.RATIO)
                        ? line("%.2f", own.figures().get(BenchRow.RATIO))
                        : "not measured"));
        return List.copyOf(lines);
    }

    private static String compared(BenchRow row, DoubleFunction<String> words) {
        Double ratio = row.figures().get(BenchRow.RATIO);
        return ratio == null ? "" : words.apply(ratio);
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
