package dev.switchlab.paper;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Setting;
import dev.switchlab.sweep.SweepRun;
import java.util.List;
import java.util.Map;

/**
 * A question and the comparison of its variants.
 *
 * @param question the question
 * @param comparison the variants that have a finished run, in the question's order
 * @param firstRuns the first run of each variant as the sweep has it, by the variant's letter
 * @param missing number of runs that are not finished
 * @param threads of each run
 */
record Answer(Question question, Comparison comparison, Map<String, SweepRun> firstRuns, int missing, int threads) {

    List<Setting> variants() {
        return comparison.settings();
    }
}
