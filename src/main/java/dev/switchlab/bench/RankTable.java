package dev.switchlab.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Steps by the number of ranks that take them together.
 *
 * @param tokens in a step, of all ranks
 * @param rows the first is what the others are held against
 */
public record RankTable(int tokens, List<Row> rows) {

    /**
     * One way to share a step.
     *
     * @param ranks how many take it
     * @param spread whether each has a part of the experts
     * @param threads of each
     * @param ms of a step
     * @param communicating ms of it in which rank 0 sent, received or waited
     * @param megabytes (10^6 bytes) that a rank sends in a step
     * @param memory MB that a rank holds at most
     */
    public record Row(
            int ranks, boolean spread, int threads, Timing ms, Timing communicating, double megabytes, double memory) {

        /** Of what its processes measured, one after another. */
        public static Row of(int ranks, boolean spread, int threads, List<RankTimes> rounds) {
            return new Row(
                    ranks,
                    spread,
                    threads,
                    Timing.of(rounds.stream()
                            .flatMap(round -> round.ms().stream())
                            .toList()),
                    Timing.of(rounds.stream()
                            .flatMap(round -> round.communicating().stream())
                            .toList()),
                    rounds.get(0).bytes() / 1e6,
                    rounds.stream().mapToDouble(RankTimes::memory).max().orElseThrow());
        }

        private String name() {
            return ranks + (ranks == 1 ? "" : spread ? ", experts shared out" : ", all experts on each");
        }
    }

    /** For a terminal. */
    public String text() {
        List<String> lines = new ArrayList<>();
        lines.add("training step by ranks (ms: median [quartiles])");
        lines.add(String.format(
                Locale.ROOT,
                "  %-24s %7s %22s %11s %10s %9s %12s %14s",
                "ranks",
                "threads",
                "ms",
                "tokens/s",
                "as fast",
                "MB sent",
                "in transfer",
                "MB memory/rank"));
        double first = rows.get(0).ms().median();
        for (Row row : rows) {
            lines.add(String.format(
                    Locale.ROOT,
                    "  %-24s %7d %22s %11.0f %10.2f %9.2f %12.2f %14.0f",
                    row.name(),
                    row.threads(),
                    row.ms().text(),
                    tokens / row.ms().median() * 1000,
                    first / row.ms().median(),
                    row.megabytes(),
                    row.communicating().median(),
                    row.memory()));
        }
        return String.join("\n", lines);
    }
}
