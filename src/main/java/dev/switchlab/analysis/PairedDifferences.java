package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * Settings against the first of them, seed by seed.
 *
 * @param table one row per later setting and metric
 * @param notes what the reader has to know, such as seeds without a partner
 */
record PairedDifferences(Table table, List<String> notes) {

    /**
     * Pairs.
     *
     * @param letters run id to the name of its setting
     * @param curves run id to metric to what its history says
     */
    static PairedDifferences of(List<Run> runs, Map<String, String> letters, Map<String, Map<String, Curve>> curves) {
        List<String> notes = new ArrayList<>();
        Table table = Table.create(
                "differences",
                StringColumn.create("difference"),
                StringColumn.create("metric"),
                IntColumn.create("pairs"),
                DoubleColumn.create("mean"),
                DoubleColumn.create("ci95_low"),
                DoubleColumn.create("ci95_high"),
                StringColumn.create("verdict"));
        List<String> settings = List.copyOf(new LinkedHashSet<>(letters.values()));
        Map<String, Map<String, Run>> bySeed = new LinkedHashMap<>();
        for (Run run : runs) {
            String seed = run.params().getOrDefault(RunComparison.SEED, "");
            Map<String, Run> own = bySeed.computeIfAbsent(letters.get(run.runId()), letter -> new LinkedHashMap<>());
            Run other = own.putIfAbsent(seed, run);
            if (other != null) {
                notes.add("setting " + letters.get(run.runId()) + " has seed " + seed + " twice: the pair takes run "
                        + RunComparison.shortId(other) + ", not " + RunComparison.shortId(run));
            }
        }
        if (settings.size() == 1) {
            notes.add("all runs have one setting, so there is nothing to pair");
        }
        Map<String, Run> baseline = bySeed.get(settings.get(0));
        for (String setting : settings.subList(1, settings.size())) {
            Map<String, Run> own = bySeed.get(setting);
            Set<String> common = new LinkedHashSet<>(baseline.keySet());
            common.retainAll(own.keySet());
            String title = setting + " - " + settings.get(0);
            if (common.size() < 2) {
                notes.add(title + ": " + common.size()
                        + " common seed(s); a confidence interval needs two, for example SEED=1 and SEED=2 of both");
            }
            for (String metric : RunComparison.METRICS) {
                List<Double> values = common.stream()
                        .map(seed -> List.of(
                                own.get(seed).runId(), baseline.get(seed).runId()))
                        .filter(pair ->
                                pair.stream().allMatch(run -> curves.get(run).containsKey(metric)))
                        .map(pair -> curves.get(pair.get(0)).get(metric).last()
                                - curves.get(pair.get(1)).get(metric).last())
                        .toList();
                if (!values.isEmpty()) {
                    append(table, title, metric, MeanInterval.of(values));
                }
            }
        }
        return new PairedDifferences(table, List.copyOf(notes));
    }

    private static void append(Table table, String title, String metric, MeanInterval difference) {
        table.stringColumn("difference").append(title);
        table.stringColumn("metric").append(metric);
        table.intColumn("pairs").append(difference.n());
        table.doubleColumn("mean").append(difference.mean());
        table.doubleColumn("ci95_low").append(difference.low());
        table.doubleColumn("ci95_high").append(difference.high());
        table.stringColumn("verdict").append(verdict(metric, difference));
    }

    private static String verdict(String metric, MeanInterval difference) {
        if (difference.n() < 2) {
            return "needs two seeds";
        }
        if (!difference.excludesZero()) {
            return "not distinguishable";
        }
        return difference.mean() > 0 == Curve.isHigherBetter(metric) ? "better" : "worse";
    }
}
