package dev.switchlab.analysis;

import dev.switchlab.data.Corpus;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The columns in which settings differ.
 *
 * @param differing all columns with more than one value: the experiment first, then parameters by name
 * @param axes as few of these as distinguish the settings, the one with the most values first; a column that follows
 *     from the others is not among them
 */
public record SettingColumns(List<String> differing, List<String> axes) {

    /** The column with the name of the experiment, which is no parameter. */
    static final String EXPERIMENT = "experiment";

    private static final Pattern DIGEST = Pattern.compile("^([0-9a-f]{8})[0-9a-f]{24,}$");
    private static final Pattern WHOLE = Pattern.compile("(-?\\d+)\\.0+");

    static SettingColumns of(List<Setting> settings) {
        Set<String> names = new TreeSet<>();
        settings.forEach(setting -> names.addAll(setting.params().keySet()));
        List<String> differing = new ArrayList<>(List.of(EXPERIMENT));
        differing.addAll(names);
        differing.removeIf(name -> classes(settings, List.of(name)) == 1);
        differing.replaceAll(
                name -> name.equals(Setting.TEXT_DIGEST) && namesTellTextsApart(settings) ? Setting.TEXT_NAME : name);
        return new SettingColumns(List.copyOf(differing), axes(settings, differing));
    }

    private static boolean namesTellTextsApart(List<Setting> settings) {
        return classes(settings, List.of(Setting.TEXT_NAME))
                == classes(settings, List.of(Setting.TEXT_NAME, Setting.TEXT_DIGEST));
    }

    private static List<String> axes(List<Setting> settings, List<String> differing) {
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

    /** Number of distinct combinations of values of {@code columns}. */
    private static int classes(List<Setting> settings, List<String> columns) {
        Set<List<String>> values = new HashSet<>();
        settings.forEach(setting ->
                values.add(columns.stream().map(column -> raw(setting, column)).toList()));
        return values.size();
    }

    /** The value of a setting in a column, as recorded; empty if there is none. */
    static String raw(Setting setting, String column) {
        return switch (column) {
            case EXPERIMENT -> setting.experiment();
            case Setting.TEXT_NAME -> setting.text().orElse("");
            default -> setting.params().getOrDefault(column, "");
        };
    }

    /** The value for display: digests and whole numbers are shortened. */
    static String shown(Setting setting, String column) {
        String raw = raw(setting, column);
        String value = column.equals(Setting.TEXT_NAME)
                ? Corpus.shortName(raw)
                : DIGEST.matcher(raw).replaceFirst("$1…");
        return WHOLE.matcher(value).matches() ? value.substring(0, value.indexOf('.')) : value;
    }

    /** The last part of a dotted name, unless two columns share it. */
    String shortName(String column) {
        String last = last(column);
        return differing.stream().filter(other -> last(other).equals(last)).count() > 1 ? column : last;
    }

    private static String last(String column) {
        return column.substring(column.lastIndexOf('.') + 1);
    }

    /** What distinguishes a setting, such as {@code n_experts=2 z_loss=0}. */
    String name(Setting setting) {
        return axes.stream()
                .map(column -> (column.equals(EXPERIMENT) ? "" : shortName(column) + "=") + shown(setting, column))
                .collect(Collectors.joining(" "));
    }
}
