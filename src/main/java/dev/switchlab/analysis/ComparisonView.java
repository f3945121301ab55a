package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * A comparison as tables for people: a line for each setting, numbers with as many digits as can be read.
 *
 * @param comparison what is shown
 */
record ComparisonView(RunComparison comparison) {

    private static final String UNKNOWN = "–";

    /** Columns of what differs on a page; sheets of paper are no wider. */
    private static final int MOST_AXES = 4;

    private static final String SPEED = "tokens/s";

    /**
     * One line per setting: letter, what differs, runs, mean and interval of the score, the best run's, time and speed.
     *
     * @param shown the settings
     * @param columns what differs, as far as it is shown
     * @param name what heads such a column
     */
    Table settings(List<SettingScore> shown, List<String> columns, Function<String, String> name) {
        Table table = Table.create("settings", strings("", shown, this::marked));
        for (String column : columns) {
            table.addColumns(
                    strings(name.apply(column), shown, score -> SettingColumns.shown(score.setting(), column)));
        }
        table.addColumns(
                IntColumn.create(
                        "runs",
                        shown.stream().mapToInt(score -> score.interval().n()).toArray()),
                strings(comparison.metric(), shown, score -> number(score.interval())),
                strings("best", shown, score -> number(score.least())),
                strings("time", shown, score -> time(score.seconds())),
                strings(SPEED, shown, score -> count(score.tokensPerSecond())));
        return table;
    }

    /** The same on a page that is wide enough for the difference to the baseline. */
    Table wide() {
        List<SettingScore> all = comparison.scores();
        List<String> axes =
                comparison.columns().axes().stream().limit(MOST_AXES).toList();
        Table table = settings(all, axes, column -> column);
        table.replaceColumn(0, strings("setting", all, score -> named(score.setting())));
        table.stringColumn(SPEED).setName("speed"); // a heading may break after a slash
        if (!comparison.differences().isEmpty()) {
            table.addColumns(
                    strings(
                            "difference to " + comparison.baseline().letter(),
                            all,
                            score -> difference(score.setting(), d -> signed(d.difference()))),
                    strings("verdict", all, score -> difference(score.setting(), SettingDifference::verdict)));
        }
        return table;
    }

    /** What differs: first what tells settings apart. */
    List<String> ordered() {
        List<String> ordered = new ArrayList<>(comparison.columns().axes());
        comparison.columns().differing().stream()
                .filter(column -> !ordered.contains(column))
                .forEach(ordered::add);
        return ordered;
    }

    /** One line per setting with a pair: letter, pairs, mean difference of the score and its interval, verdict. */
    Table differences(List<SettingScore> shown) {
        List<SettingDifference> differences = shown.stream()
                .flatMap(score -> comparison.difference(score.setting()).stream())
                .toList();
        return Table.create(
                "differences",
                strings("", differences, difference -> difference.setting().letter()),
                IntColumn.create(
                        "pairs",
                        differences.stream()
                                .mapToInt(difference -> difference.difference().n())
                                .toArray()),
                strings("difference", differences, difference -> signed(difference.difference())),
                strings("verdict", differences, SettingDifference::verdict));
    }

    /** Everything that differs: which settings have which value, such as {@code 2: A, B; 4: C}. */
    Map<String, String> values() {
        Map<String, String> values = new LinkedHashMap<>();
        for (String column : comparison.columns().differing()) {
            Map<String, List<SettingRuns>> groups = comparison.settings().stream()
                    .collect(Collectors.groupingBy(
                            setting -> SettingColumns.shown(setting, column), LinkedHashMap::new, Collectors.toList()));
            values.put(
                    column,
                    groups.entrySet().stream()
                            .map(group -> (group.getKey().isEmpty() ? "(none)" : group.getKey()) + ": "
                                    + group.getValue().stream()
                                            .map(SettingRuns::letter)
                                            .collect(Collectors.joining(", ")))
                            .collect(Collectors.joining("; ")));
        }
        return values;
    }

    /** One line per run: the beginning of its id, name, setting, seed, status, score, time. */
    Table runs() {
        List<Run> runs = comparison.settings().stream()
                .flatMap(setting -> setting.runs().stream())
                .toList();
        return Table.create(
                "runs",
                strings("run", runs, Run::shortId),
                strings("name", runs, Run::name),
                new ComparisonTables(comparison).runs().stringColumn("setting"),
                strings("seed", runs, run -> run.params().getOrDefault(SettingRuns.SEED, "")),
                strings("status", runs, run -> run.status().toLowerCase(Locale.ROOT)),
                strings(
                        comparison.metric(),
                        runs,
                        run -> Optional.ofNullable(
                                        comparison.curves().get(run.runId()).get(comparison.metric()))
                                .map(curve -> number(curve.last()))
                                .orElse(UNKNOWN)),
                strings("time", runs, run -> time(SettingScore.seconds(run))));
    }

    /** One line per setting, a column per metric: mean and interval. */
    Table metrics() {
        List<SettingRuns> settings = comparison.settings();
        Table table = Table.create("metrics", strings("setting", settings, SettingRuns::letter));
        for (String metric : RunComparison.METRICS) {
            List<MeanInterval> means = settings.stream()
                    .map(setting -> SettingScore.of(setting, metric, comparison.curves())
                            .interval())
                    .toList();
            if (means.stream().anyMatch(mean -> mean.n() > 0)) {
                table.addColumns(strings(metric, means, ComparisonView::number));
            }
        }
        return table;
    }

    private String marked(SettingScore score) {
        return score.setting().letter()
                + (comparison.best().filter(score.setting()::equals).isPresent() ? " *" : "");
    }

    private String named(SettingRuns setting) {
        String mark = new ComparisonTables(comparison).mark(setting);
        return mark.isEmpty() ? setting.letter() : setting.letter() + ", " + mark;
    }

    private String difference(SettingRuns setting, Function<SettingDifference, String> text) {
        return comparison.difference(setting).map(text).orElse(setting.equals(comparison.baseline()) ? "" : UNKNOWN);
    }

    private static String signed(MeanInterval interval) {
        return (interval.mean() > 0 ? "+" : "") + number(interval);
    }

    /** Mean and half the interval's width; digits to the size of a metric. */
    private static String number(MeanInterval interval) {
        if (interval.n() == 0) {
            return UNKNOWN;
        }
        return Math.abs(interval.mean()) < 1000
                ? interval.toString()
                : count(interval.mean())
                        + (Double.isNaN(interval.halfWidth()) ? "" : " +- " + count(interval.halfWidth()));
    }

    private static String number(double value) {
        return Double.isNaN(value) ? UNKNOWN : String.format(Locale.ROOT, "%.4f", value);
    }

    private static String count(double value) {
        return Double.isNaN(value) ? UNKNOWN : String.format(Locale.ROOT, "%,.0f", value);
    }

    private static String time(double seconds) {
        return Double.isNaN(seconds) ? UNKNOWN : RunFacts.shown(Duration.ofMillis(Math.round(seconds * 1e3)));
    }

    private static <T> StringColumn strings(String name, List<T> rows, Function<T, String> value) {
        return StringColumn.create(name, rows.stream().map(value).toList());
    }
}
