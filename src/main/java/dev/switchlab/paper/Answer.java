package dev.switchlab.paper;

import com.google.common.collect.Table;
import com.google.common.collect.Tables;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Setting;
import dev.switchlab.sweep.SweepRun;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
