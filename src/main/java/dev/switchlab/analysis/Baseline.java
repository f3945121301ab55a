package dev.switchlab.analysis;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Finds the setting that others are compared with. */
record Baseline(List<Setting> settings, SettingColumns columns) {

    /**
     * @param text a setting's letter; some of its parameters, such as {@code "model.n_experts=2"}; an experiment with a
     *     single setting; or one of the runs by id, beginning of an id or name, or their summary run by id. Blank for
     *     the first setting
     * @throws IllegalArgumentException in one line, if the text matches no setting or several
     */
    Setting find(String text) {
        String wanted = text.strip();
        if (wanted.isEmpty()) {
            return settings.get(0);
        }
        List<String> assignments =
                Splitter.on(CharMatcher.whitespace()).omitEmptyStrings().splitToList(wanted);
        List<Predicate<Setting>> ways = List.of(
                setting -> setting.letter().equals(wanted),
                setting ->
                        wanted.contains("=") && assignments.stream().allMatch(assignment -> holds(setting, assignment)),
                setting -> setting.experiment().equals(wanted),
                setting -> setting.runs().stream().anyMatch(run -> isNamed(run, wanted)));
        List<Setting> found = ways.stream()
                .map(way -> settings.stream().filter(way).toList())
                .filter(matching -> !matching.isEmpty())
                .findFirst()
                .orElse(List.of());
        if (found.size() == 1) {
            return found.get(0);
        }
        throw new IllegalArgumentException("BASELINE '" + wanted + "' is "
                + (found.isEmpty() ? "none of the settings" : "several of the settings, " + Comparison.letters(found))
                + ", allowed: a letter from A to "
                + settings.get(settings.size() - 1).letter()
                + ", parameters of a setting, or one of its runs, for example BASELINE=" + example());
    }

    /** Whether a setting has a value, given as {@code model.n_experts=2} or {@code n_experts=2}. */
    private boolean holds(Setting setting, String assignment) {
        int equals = assignment.indexOf('=');
        String name = equals < 0 ? assignment : assignment.substring(0, equals);
        String value = equals < 0 ? "" : assignment.substring(equals + 1);
        return setting.params().entrySet().stream()
                .anyMatch(param -> (param.getKey().equals(name)
                                || columns.shortName(param.getKey()).equals(name))
                        && isSame(param.getValue(), value));
    }

    /** Whether two values are equal as text or as numbers: 0.001 and 1e-3. */
    private static boolean isSame(String one, String other) {
        try {
            return one.equals(other) || Double.parseDouble(one) == Double.parseDouble(other);
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static boolean isNamed(Run run, String wanted) {
        return run.runId().startsWith(wanted)
                || run.name().equals(wanted)
                || run.title().equals(wanted)
                || run.tags().getOrDefault(RunInfo.PARENT_TAG, "").startsWith(wanted);
    }

    private String example() {
        Setting last = settings.get(settings.size() - 1);
        String example = columns.axes().stream()
                .filter(last.params()::containsKey)
                .map(column -> column + "=" + SettingColumns.shown(last, column))
                .collect(Collectors.joining(" "));
        return example.isEmpty() ? last.letter() : example.contains(" ") ? '"' + example + '"' : example;
    }
}
