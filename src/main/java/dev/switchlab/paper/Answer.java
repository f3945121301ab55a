package dev.switchlab.paper;

import com.google.common.collect.Table;
import com.google.common.collect.Tables;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Difference;
import dev.switchlab.analysis.Setting;
import dev.switchlab.sweep.SweepRun;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;

/**
 * A question and the comparison of its variants.
 *
 * @param comparison the variants that have a finished run, in the question's order
 * @param firstRuns the first run of each variant as the sweep has it, by the variant's letter
 * @param missing number of runs that are not finished
 * @param threads of each run
 */
record Answer(Question question, Comparison comparison, Map<String, SweepRun> firstRuns, int missing, int threads) {

    private static final Pattern BY_EXPERTS = Pattern.compile("(.+?),? (\\d+) experts?");

    List<Setting> variants() {
        return comparison.settings();
    }

    /** This answer on a page whose comparisons together have a level of significance. */
    Answer at(double level) {
        return new Answer(question, comparison.at(level), firstRuns, missing, threads);
    }

    /** p values of all comparisons: with baselines, and of lines by the number of experts. */
    DoubleStream pValues() {
        return DoubleStream.concat(
                comparison.pValues(),
                lineDifferences().stream()
                        .mapToDouble(difference -> difference.interval().p()));
    }

    /** The line whose numbers of experts the others are compared at: the first that changes with the number. */
    Optional<String> firstLine() {
        Table<String, Integer, Setting> lines = byExperts();
        return lines.rowKeySet().stream()
                .filter(line -> lines.rowKeySet().size() > 1)
                .filter(line ->
                        !lines.row(line).values().iterator().next().name().equals(line))
                .findFirst();
    }

    /** The first line less each other line, at each number of experts; empty without figures by experts. */
    List<Difference> lineDifferences() {
        if (!question.figures().contains(Question.Figure.LINES)) {
            return List.of();
        }
        Table<String, Integer, Setting> lines = byExperts();
        return firstLine().stream()
                .flatMap(first -> lines.row(first).entrySet().stream()
                        .flatMap(own -> lines.column(own.getKey()).entrySet().stream()
                                .filter(other -> !other.getKey().equals(first))
                                .map(other -> comparison.difference(own.getValue(), other.getValue()))))
                .toList();
    }

    /**
     * Variants by line and number of experts, in which their names end, such as {@code "dense, equal time, 8 experts"}.
     * A name without a number, such as {@code dense}, is a line with one variant for all numbers; these lines come
     * first.
     */
    Table<String, Integer, Setting> byExperts() {
        List<Setting> constant = new ArrayList<>();
        Table<String, Integer, Setting> numbered = Tables.newCustomTable(new LinkedHashMap<>(), TreeMap::new);
        for (Setting variant : variants()) {
            Matcher name = BY_EXPERTS.matcher(variant.name());
            if (name.matches()) {
                numbered.put(name.group(1), Integer.valueOf(name.group(2)), variant);
            } else {
                constant.add(variant);
            }
        }
        Table<String, Integer, Setting> all = Tables.newCustomTable(new LinkedHashMap<>(), TreeMap::new);
        for (Setting variant : constant) {
            numbered.columnKeySet().forEach(number -> all.put(variant.name(), number, variant));
        }
        all.putAll(numbered);
        return all;
    }
}
