package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What has to be known to read a comparison: a line for each kind, however many settings and runs it is of. */
record ComparisonNotes(
        List<SettingRuns> settings, SettingRuns baseline, String metric, Map<String, Map<String, Curve>> curves) {

    private static final int MOST_NAMED = 5;

    /** Tags of what times depend on. */
    private static final List<String> MACHINE =
            List.of("switchlab.cpu", "switchlab.gpu", "switchlab.device", "switchlab.threads", "switchlab.ranks");

    List<String> all() {
        List<String> notes = new ArrayList<>();
        if (settings.size() == 1) {
            notes.add("all runs have one setting, so there is nothing to pair");
        }
        fewSeeds(notes);
        seedsTwice(notes);
        scores(notes);
        List<Run> runs =
                settings.stream().flatMap(setting -> setting.runs().stream()).toList();
        String machines = MACHINE.stream()
                .filter(tag -> runs.stream()
                                .map(run -> run.tags().getOrDefault(tag, ""))
                                .distinct()
                                .count()
                        > 1)
                .map(tag -> tag.substring(tag.indexOf('.') + 1))
                .collect(Collectors.joining(", "));
        if (!machines.isEmpty()) {
            notes.add("runs differ in " + machines + ": their times do not compare");
        }
        return notes;
    }

    private void fewSeeds(List<String> notes) {
        NavigableMap<Integer, List<SettingRuns>> byPairs = settings.stream()
                .filter(setting -> !setting.equals(baseline))
                .collect(Collectors.groupingBy(
                        setting ->
                                SettingDifference.commonSeeds(setting, baseline).size(),
                        TreeMap::new,
                        Collectors.toList()));
        byPairs.headMap(2)
                .forEach((pairs, few) -> notes.add(letters(few) + (few.size() == 1 ? " has " : " have ")
                        + (pairs == 0 ? "no seed" : "one seed") + " in common with " + baseline.letter()
                        + "; an interval needs two, for example SEEDS=1..2 of both"));
    }

    private void seedsTwice(List<String> notes) {
        List<SettingRuns> repeated =
                having(setting -> setting.bySeed().size() < setting.runs().size());
        if (!repeated.isEmpty()) {
            int left = repeated.stream()
                    .mapToInt(
                            setting -> setting.runs().size() - setting.bySeed().size())
                    .sum();
            notes.add(letters(repeated) + (repeated.size() == 1 ? " has" : " have")
                    + " a seed more than once: the first finished run of each counts, " + left
                    + (left == 1 ? " other does not" : " others do not"));
        }
    }

    private void scores(List<String> notes) {
        List<SettingRuns> without = having(setting -> setting.bySeed().values().stream()
                .anyMatch(run -> !curves.get(run.runId()).containsKey(metric)));
        if (!without.isEmpty()) {
            notes.add("not all runs of " + letters(without) + " have " + metric + ": those without do not count");
        }
        List<SettingRuns> lost = having(setting -> setting.bySeed().values().stream()
                .map(run -> curves.get(run.runId()).get(metric))
                .anyMatch(curve -> curve != null && !Double.isFinite(curve.last())));
        if (!lost.isEmpty()) {
            notes.add("a run of " + letters(lost) + " ended with a loss that is no number: so is the mean");
        }
    }

    private List<SettingRuns> having(Predicate<SettingRuns> condition) {
        return settings.stream().filter(condition).toList();
    }

    /** Such as {@code A, B, C}; of many the first few and how many more. */
    static String letters(List<SettingRuns> settings) {
        String first =
                settings.stream().limit(MOST_NAMED).map(SettingRuns::letter).collect(Collectors.joining(", "));
        return settings.size() <= MOST_NAMED ? first : first + " and " + (settings.size() - MOST_NAMED) + " more";
    }
}
