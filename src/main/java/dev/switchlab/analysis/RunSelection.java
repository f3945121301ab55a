package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The runs that a list of names stands for.
 *
 * @param runs each once, in the order given; none that sums up others
 * @param notes what was left out
 */
public record RunSelection(List<Run> runs, List<String> notes) {

    /**
     * Finds runs.
     *
     * @param names runs by id, beginning of an id or name; a run that sums up others, such as a sweep's, stands for all
     *     finished runs below it, an experiment for all its finished runs
     * @throws IllegalArgumentException in one line, if none below a run has finished
     */
    static RunSelection of(RunSource source, List<String> names) {
        Map<String, Run> runs = new LinkedHashMap<>();
        List<String> notes = new ArrayList<>();
        for (String name : names) {
            experimentOrRun(source, name, notes).forEach(run -> runs.put(run.runId(), run));
        }
        return new RunSelection(List.copyOf(runs.values()), List.copyOf(notes));
    }

    private static List<Run> experimentOrRun(RunSource source, String name, List<String> notes) {
        List<Run> finished = source.experiment(name).stream()
                .filter(run -> run.isFinished() && !run.isSummary())
                .sorted(Comparator.comparing(Run::start)) // the first setting is the baseline
                .toList();
        if (!finished.isEmpty()) {
            return finished;
        }
        Run run = source.find(name);
        return run.isSummary() ? finishedBelow(source, run, notes) : List.of(run);
    }

    private static List<Run> finishedBelow(RunSource source, Run parent, List<String> notes) {
        List<Run> all = below(source, parent);
        List<Run> finished = all.stream().filter(Run::isFinished).toList();
        if (finished.isEmpty()) {
            throw new IllegalArgumentException("run " + parent.shortId() + " (" + parent.name()
                    + ") has no finished run below it"
                    + (all.isEmpty() ? "" : " (" + standing(all) + ")")
                    + ", allowed: one that has; `make runs` lists them");
        }
        if (finished.size() < all.size()) {
            notes.add("of " + parent.name() + " only finished runs count: " + standing(all));
        }
        return finished;
    }

    /** The runs below a run that sums up others and trained a model, at any depth: setting by setting, oldest first. */
    public static List<Run> below(RunSource source, Run parent) {
        List<Run> runs = new ArrayList<>();
        for (Run child : source.children(parent.runId())) {
            runs.addAll(child.isSummary() ? below(source, child) : List.of(child));
        }
        return runs;
    }

    /** Number of runs by status, such as {@code 4 finished, 1 killed}; empty for no runs. */
    public static String standing(List<Run> runs) {
        Map<String, Long> counts = runs.stream()
                .collect(Collectors.groupingBy(
                        run -> run.status().toLowerCase(Locale.ROOT), TreeMap::new, Collectors.counting()));
        return counts.entrySet().stream()
                .map(status -> status.getValue() + " " + status.getKey())
                .collect(Collectors.joining(", "));
    }
}
