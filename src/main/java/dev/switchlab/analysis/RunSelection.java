package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs that were asked for.
 *
 * @param runs each once, in the order given; none that only sums up others
 * @param notes what was left out
 */
record RunSelection(List<Run> runs, List<String> notes) {

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
                .filter(run -> SettingRuns.isFinished(run) && !RunComparison.isSummary(run))
                .sorted(Comparator.comparing(Run::start)) // what was tried first is what others are held against
                .toList();
        if (!finished.isEmpty()) {
            return finished;
        }
        Run run = source.find(name);
        return RunComparison.isSummary(run) ? below(source, run, notes) : List.of(run);
    }

    private static List<Run> below(RunSource source, Run parent, List<String> notes) {
        RunsBelow below = RunsBelow.of(source, parent);
        if (below.finished().isEmpty()) {
            throw new IllegalArgumentException("run " + parent.shortId() + " (" + parent.name()
                    + ") has no finished run below it"
                    + (below.runs().isEmpty() ? "" : " (" + below.standing() + ")")
                    + ", allowed: one that has; `make runs` lists them");
        }
        if (below.finished().size() < below.runs().size()) {
            notes.add("of " + parent.name() + " only finished runs count: " + below.standing());
        }
        return below.finished();
    }
}
