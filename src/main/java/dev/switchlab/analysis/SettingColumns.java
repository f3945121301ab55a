package dev.switchlab.analysis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * By what settings differ.
 *
 * @param differing everything that is not the same in all of them: the experiment first, then parameters by name
 * @param axes as few of these as tell the settings apart, that with the most values first; what follows from the others
 *     is not among them
 */
public record SettingColumns(List<String> differing, List<String> axes) {

    /** The column of experiments' names, which are no parameter. */
    static final String EXPERIMENT = "experiment";

    private static final Pattern DIGEST = Pattern.compile("^([0-9a-f]{8})[0-9a-f]{24,}$");
    private static final Pattern WHOLE = Pattern.compile("(-?\\d+)\\.0+");

    static SettingColumns of(List<SettingRuns> settings) {
        Set<String> names = new TreeSet<>();
        settings.forEach(setting -> names.addAll(setting.params().keySet()));
        List<String> differing = new ArrayList<>(List.of(EXPERIMENT));
        differing.addAll(names);
        differing.removeIf(name -> classes(settings, List.of(name)) == 1);
        differing.replaceAll(name ->
                name.equals(SettingRuns.TEXT_DIGEST) && namesTellTextsApart(settings) ? SettingRuns.TEXT_NAME : name);
        return new SettingColumns(List.copyOf(differing), axes(settings, differing));
    }

    private static boolean namesTellTextsApart(List<SettingRuns> settings) {
        return classes(settings, List.of(SettingRuns.TEXT_NAME))
                == classes(settings, List.of(SettingRuns.TEXT_NAME, SettingRuns.TEXT_DIGEST));
    }

    private static List<String> axes(List<SettingRuns> settings, List<String> differing) {
        List<String> candidates = new ArrayList<>(differing);
        candidates.sort(Comparator.comparing((String name) -> !name.equals(EXPERIMENT))
                .thenComparing(name -> -classes(settings, List.of(name))));
        List<String> axes = new ArrayList<>();
        for (String name : candidates) {
            List<String> more = new ArrayList<>(axes);
            more.add(name);
            if (classes(settings, more) > classes(settings, axes)) {
                axes = more;
            }
        }
        return List.copyOf(axes);
    }

    /** How many combinations of values of {@code columns} there are. */
    private static int classes(List<SettingRuns> settings, List<String> columns) {
        Set<List<String>> values = new HashSet<>();
        settings.forEach(setting ->
                values.add(columns.stream().map(column -> raw(setting, column)).toList()));
        return values.size();
    }

    /** What a setting has in a column, as the run has it; empty if it has nothing. */
    static String raw(SettingRuns setting, String column) {
        return switch (column) {
            case EXPERIMENT -> setting.experiment();
            case SettingRuns.TEXT_NAME -> setting.text().orElse("");
            default -> setting.params().getOrDefault(column, "");
        };
    }

    /** The same for people: digests and whole numbers are shortened. */
    static String shown(SettingRuns setting, String column) {
        String value = DIGEST.matcher(raw(setting, column)).replaceFirst("$1…");
        return WHOLE.matcher(value).matches() ? value.substring(0, value.indexOf('.')) : value;
    }

    /** A column's name without the dots, unless another has the same. */
    String shortName(String column) {
        String last = last(column);
        return differing.stream().filter(other -> last(other).equals(last)).count() > 1 ? column : last;
    }

    private static String last(String column) {
        return column.substring(column.lastIndexOf('.') + 1);
    }

    /** What tells a setting from the others, such as {@code A n_experts=2 z_loss=0}. */
    public String label(SettingRuns setting) {
        return setting.letter()
                + axes.stream()
                        .map(column -> " "
                                + (column.equals(EXPERIMENT) ? "" : shortName(column) + "=")
                                + shown(setting, column))
                        .collect(Collectors.joining());
    }
}
