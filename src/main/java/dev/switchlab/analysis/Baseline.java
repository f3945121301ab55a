package dev.switchlab.analysis;

import dev.switchlab.runs.RunInfo;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/** Finds the setting that others are held against. */
record Baseline(List<SettingRuns> settings, SettingColumns columns) {

    /**
     * @param text a setting's letter; what tells it from the others, such as {@code "model.n_experts=2"}; an experiment
     *     that has but one setting; or one of the runs by id, beginning of an id or name, or the run that sums them up
     *     by id. Blank for the first setting
     * @throws IllegalArgumentException in one line, if that is none of the settings or several
     */
    SettingRuns find(String text) {
        String wanted = text.strip();
        if (wanted.isEmpty()) {
            return settings.get(0);
        }
        List<SettingRuns> found = matching(setting -> setting.letter().equals(wanted));
        if (found.isEmpty() && wanted.contains("=")) {
            List<String> assignments = Arrays.asList(wanted.split("\\s+"));
            found = matching(setting -> assignments.stream().allMatch(assignment -> holds(setting, assignment)));
        }
        if (found.isEmpty()) {
            found = matching(setting -> setting.experiment().equals(wanted));
        }
        if (found.isEmpty()) {
            found = byRun(wanted);
        }
        if (found.size() == 1) {
            return found.get(0);
        }
        throw new IllegalArgumentException("BASELINE '" + wanted + "' is "
                + (found.isEmpty()
                        ? "none of the settings"
                        : "several of the settings, "
                                + String.join(
                                        ", ",
                                        found.stream().map(SettingRuns::letter).toList()))
                + ", allowed: a letter from A to "
                + settings.get(settings.size() - 1).letter()
                + ", what tells a setting from the others, or one of its runs, for example " + example());
    }

    private List<SettingRuns> matching(Predicate<SettingRuns> condition) {
        return settings.stream().filter(condition).toList();
    }

    /** An assignment may name a parameter with or without what stands before its dots. */
    private boolean holds(SettingRuns setting, String assignment) {
        int equals = assignment.indexOf('=');
        String name = equals < 0 ? assignment : assignment.substring(0, equals);
        String value = equals < 0 ? "" : assignment.substring(equals + 1);
        return setting.params().entrySet().stream()
                .anyMatch(param -> (param.getKey().equals(name)
                                || columns.shortName(param.getKey()).equals(name))
                        && isSame(param.getValue(), value));
    }

    /** 0.001 and 1e-3 are one number. */
    private static boolean isSame(String one, String other) {
        try {
            return one.equals(other) || Double.parseDouble(one) == Double.parseDouble(other);
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private List<SettingRuns> byRun(String wanted) {
        return matching(setting -> setting.runs().stream()
                .anyMatch(run -> run.runId().startsWith(wanted)
                        || run.name().equals(wanted)
                        || run.tags().getOrDefault(RunInfo.PARENT_TAG, "").startsWith(wanted)));
    }

    private String example() {
        SettingRuns last = settings.get(settings.size() - 1);
        String told = columns.axes().stream()
                .filter(column -> !column.equals(SettingColumns.EXPERIMENT))
                .filter(column -> last.params().containsKey(column))
                .map(column -> column + "=" + SettingColumns.shown(last, column))
                .reduce((a, b) -> a + " " + b)
                .orElse(last.letter());
        return "BASELINE=" + (told.contains(" ") ? '"' + told + '"' : told);
    }
}
