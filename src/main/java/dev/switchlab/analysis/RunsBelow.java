package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A run that sums up others, such as a sweep's or a setting's, and what it sums up.
 *
 * @param parent the run itself
 * @param runs those below it that trained a model, whatever became of them: setting by setting, the oldest first
 */
public record RunsBelow(Run parent, List<Run> runs) {

    /** Looks below a run, as deep as runs are nested. */
    public static RunsBelow of(RunSource source, Run parent) {
        List<Run> runs = new ArrayList<>();
        for (Run child : source.children(parent.runId())) {
            if (RunComparison.isSummary(child)) {
                runs.addAll(of(source, child).runs);
            } else {
                runs.add(child);
            }
        }
        return new RunsBelow(parent, List.copyOf(runs));
    }

    /** Those that came to their end. */
    public List<Run> finished() {
        return runs.stream().filter(SettingRuns::isFinished).toList();
    }

    /** How they stand, such as {@code 4 finished, 1 killed}; empty if there is none. */
    public String standing() {
        return runs.stream()
                .collect(Collectors.groupingBy(
                        run -> run.status().toLowerCase(Locale.ROOT), TreeMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(status -> status.getValue() + " " + status.getKey())
                .collect(Collectors.joining(", "));
    }
}
