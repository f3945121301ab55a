package dev.switchlab.analysis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Whether losses are of the same text. */
final class ComparedTexts {

    /** How much of the text is trained on; the rest is what models are scored on. */
    private static final String SPLIT = "train_fraction";

    /** What of it models are scored on, where it is not that rest. */
    private static final String VALIDATION = "validation";

    private static final String USUAL = "rest";

    private ComparedTexts() {}

    /** Whether the losses of two settings say something about each other. */
    static boolean areSame(SettingRuns one, SettingRuns other) {
        return text(one).equals(text(other)) && split(one).equals(split(other));
    }

    /** One line for people if settings are of several texts, or of several splits of one; else none. */
    static List<String> warnings(List<SettingRuns> settings) {
        List<String> warnings = new ArrayList<>();
        if (settings.stream().map(ComparedTexts::text).distinct().count() > 1) {
            warnings.add("the runs are of different texts ("
                    + words(settings, setting -> setting.text().orElse("unknown"))
                    + "): their losses say nothing about each other");
        }
        if (settings.stream().map(ComparedTexts::split).distinct().count() > 1) {
            warnings.add("the runs are scored on different parts of the text (" + SPLIT + " "
                    + words(settings, ComparedTexts::split) + "): their losses say little about each other");
        }
        return List.copyOf(warnings);
    }

    private static String text(SettingRuns setting) {
        return setting.params()
                .getOrDefault(SettingRuns.TEXT_DIGEST, setting.text().orElse(""));
    }

    /** Such as {@code 0.9}, or {@code 0.9 held_out}. */
    private static String split(SettingRuns setting) {
        String share = setting.params().getOrDefault(SPLIT, "");
        String validation = setting.params().get(VALIDATION);
        return validation.equals(USUAL) ? share : share + " " + validation;
    }

    private static String words(List<SettingRuns> settings, Function<SettingRuns, String> what) {
        Map<String, List<SettingRuns>> groups =
                settings.stream().collect(Collectors.groupingBy(what, LinkedHashMap::new, Collectors.toList()));
        return groups.entrySet().stream()
                .map(group -> group.getKey() + ": " + ComparisonNotes.letters(group.getValue()))
                .collect(Collectors.joining("; "));
    }
}
