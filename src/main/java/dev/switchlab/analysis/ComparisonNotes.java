package dev.switchlab.analysis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** Warnings and notes of a comparison: one line for each kind, however many settings and runs are concerned. */
record ComparisonNotes(Comparison comparison) {

    private static final int MOST_NAMED = 5;

    /** Share of the text that is trained on; models are scored on the rest. */
    private static final String SPLIT = "train_fraction";

    /** Tags that affect times. */
    private static final List<String> MACHINE =
            List.of("switchlab.cpu", "switchlab.gpu", "switchlab.device", "switchlab.threads", "switchlab.ranks");

    List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        if (values(ComparisonNotes::text).size() > 1) {
            warnings.add("the runs are of different texts ("
                    + words(values(setting -> setting.text().orElse("unknown")))
                    + "): their losses say nothing about each other");
        }
        Map<String, List<Setting>> splits = values(ComparisonNotes::split);
        if (splits.size() > 1) {
            warnings.add("the runs are scored on different parts of the text (" + SPLIT + " " + words(splits)
                    + "): their losses say little about each other");
        }
        return warnings;
    }

    /** Whether the losses of two settings are comparable. */
    static boolean areOfOneText(Setting one, Setting other) {
        return text(one).equals(text(other)) && split(one).equals(split(other));
    }

    private static String text(Setting setting) {
        return setting.params().getOrDefault(Setting.TEXT_DIGEST, setting.text().orElse(""));
    }

    /** Such as {@code 0.9}, or {@code 0.9 held_out} for another part of the text than the rest. */
    private static String split(Setting setting) {
        String share = setting.params().getOrDefault(SPLIT, "");
        String validation = setting.params().getOrDefault("validation", "rest");
        return validation.equals("rest") ? share : share + " " + validation;
    }

    private Map<String, List<Setting>> values(Function<Setting, String> value) {
        return comparison.settings().stream()
                .collect(Collectors.groupingBy(value, LinkedHashMap::new, Collectors.toList()));
    }

    private static String words(Map<String, List<Setting>> values) {
        return values.entrySet().stream()
                .map(value -> value.getKey() + ": " + letters(value.getValue()))
                .collect(Collectors.joining("; "));
    }

    List<String> notes() {
        List<String> notes = new ArrayList<>(comparison.leftOut());
        if (comparison.settings().size() == 1) {
            notes.add("all runs have one setting, so there is nothing to pair");
        }
        comparison.baseline().ifPresent(baseline -> fewSeeds(baseline, notes));
        repeatedSeeds(notes);
        scores(notes);
        String machines = MACHINE.stream()
                .filter(tag -> comparison.runs().stream()
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

    private void fewSeeds(Setting baseline, List<String> notes) {
        NavigableMap<Integer, List<Setting>> byPairs = having(setting -> !comparison.isBaseline(setting)).stream()
                .collect(Collectors.groupingBy(
                        setting -> setting.commonSeeds(baseline).size(), TreeMap::new, Collectors.toList()));
        byPairs.headMap(2)
                .forEach((pairs, few) -> notes.add(letters(few) + (few.size() == 1 ? " has " : " have ")
                        + (pairs == 0 ? "no seed" : "one seed") + " in common with " + baseline.letter()
                        + "; an interval needs two, for example SEEDS=1..2 of both"));
    }

    private void repeatedSeeds(List<String> notes) {
        List<Setting> repeated = having(setting -> repetitions(setting) > 0);
        if (!repeated.isEmpty()) {
            int others =
                    repeated.stream().mapToInt(ComparisonNotes::repetitions).sum();
            notes.add(letters(repeated) + (repeated.size() == 1 ? " has" : " have")
                    + " a seed more than once: the first finished run of each counts, " + others
                    + (others == 1 ? " other does not" : " others do not"));
        }
    }

    private static int repetitions(Setting setting) {
        return setting.runs().size() - setting.bySeed().size();
    }

    private void scores(List<String> notes) {
        String metric = comparison.metric();
        List<Setting> without = having(
                setting -> setting.values(metric).length < setting.bySeed().size());
        if (!without.isEmpty()) {
            notes.add("not all runs of " + letters(without) + " have " + metric + ": those without do not count");
        }
        List<Setting> lost =
                having(setting -> DoubleStream.of(setting.values(metric)).anyMatch(value -> !Double.isFinite(value)));
        if (!lost.isEmpty()) {
            notes.add("a run of " + letters(lost) + " ended with a loss that is no number: so is the mean");
        }
    }

    private List<Setting> having(Predicate<Setting> condition) {
        return comparison.settings().stream().filter(condition).toList();
    }

    /** Such as {@code A, B, C}; of many the first few and the number of the rest. */
    static String letters(List<Setting> settings) {
        String first = settings.stream().limit(MOST_NAMED).map(Setting::letter).collect(Collectors.joining(", "));
        return settings.size() <= MOST_NAMED ? first : first + " and " + (settings.size() - MOST_NAMED) + " more";
    }
}
