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
import tech.tablesaw.api.Table;

/** A comparison as tables for people: numbers with as many digits as are of use. */
final class ComparisonView {

    private static final String UNKNOWN = "–";

    /** A page has room for so many differing columns. */
    private static final int MOST_AXES = 4;

    private final Comparison comparison;
    private final ComparisonTables tables;
    private final Optional<Setting> best;

    ComparisonView(Comparison comparison) {
        this.comparison = comparison;
        this.tables = new ComparisonTables(comparison);
        this.best = comparison.best();
    }

    /**
     * For a terminal, one row per setting: letter, what differs by short names, runs, score with its interval, best
     * run, time, speed.
     */
    Table settings(List<Setting> shown) {
        Rows<Setting> rows = new Rows<>(shown);
        Table table = Table.create(
                "settings",
                rows.text(
                        "",
                        setting ->
                                setting.letter() + (best.filter(setting::equals).isPresent() ? " *" : "")));
        ordered()
                .forEach(column -> table.addColumns(rows.text(
                        comparison.columns().shortName(column), setting -> SettingColumns.shown(setting, column))));
        return scores(table, rows, "tokens/s");
    }

    /** The columns that differ: first those that distinguish the settings. */
    List<String> ordered() {
        List<String> ordered = new ArrayList<>(comparison.columns().axes());
        comparison.columns().differing().stream()
                .filter(column -> !ordered.contains(column))
                .forEach(ordered::add);
        return ordered;
    }

    /** For a page, one row per setting, with the difference to the baseline. */
    Table wide() {
        Rows<Setting> rows = new Rows<>(comparison.settings());
        Table table = Table.create("settings", rows.text("setting", this::named));
        comparison.columns().axes().stream()
                .limit(MOST_AXES)
                .forEach(column ->
                        table.addColumns(rows.text(column, setting -> SettingColumns.shown(setting, column))));
        scores(table, rows, "speed"); // a heading may break after a slash
        if (!comparison.differences().isEmpty()) {
            String baseline = comparison.baseline().map(Setting::letter).orElse("");
            table.addColumns(
                    rows.text("difference to " + baseline, setting -> difference(setting, d -> signed(d.interval()))),
                    rows.text(
                            "verdict",
                            setting -> difference(setting, d -> d.verdict().toString())));
        }
        return table;
    }

    private Table scores(Table table, Rows<Setting> rows, String speed) {
        return table.addColumns(
                rows.count("runs", setting -> comparison.score(setting).n()),
                rows.text(comparison.metric(), setting -> number(comparison.score(setting))),
                rows.text("best", setting -> number(tables.least(setting))),
                rows.text("time", setting -> time(setting.seconds())),
                rows.text(speed, setting -> count(comparison.tokensPerSecond(setting))));
    }

    private String named(Setting setting) {
        String mark = tables.mark(setting, best);
        return mark.isEmpty() ? setting.letter() : setting.letter() + ", " + mark;
    }

    private String difference(Setting setting, Function<Difference, String> text) {
        return comparison.isBaseline(setting)
                ? ""
                : comparison
                        .difference(setting)
                        .filter(difference -> difference.interval().n() > 0)
                        .map(text)
                        .orElse(UNKNOWN);
    }

    /** One row per setting with a pair: letter, pairs, difference of the score with its interval, verdict. */
    Table differences(List<Setting> shown) {
        Rows<Difference> rows = new Rows<>(shown.stream()
                .flatMap(setting -> comparison.difference(setting).stream())
                .filter(difference -> difference.interval().n() > 0)
                .toList());
        return Table.create(
                "differences",
                rows.text("", difference -> difference.setting().letter()),
                rows.count("pairs", difference -> difference.interval().n()),
                rows.text("difference", difference -> signed(difference.interval())),
                rows.text("verdict", difference -> difference.verdict().toString()));
    }

    /** The settings with each value of every differing column, such as {@code 2: A, B; 4: C}. */
    Map<String, String> values() {
        Map<String, String> values = new LinkedHashMap<>();
        for (String column : comparison.columns().differing()) {
            Map<String, String> letters = comparison.settings().stream()
                    .collect(Collectors.groupingBy(
                            setting -> SettingColumns.shown(setting, column),
                            LinkedHashMap::new,
                            Collectors.mapping(Setting::letter, Collectors.joining(", "))));
            values.put(
                    column,
                    letters.entrySet().stream()
                            .map(value ->
                                    (value.getKey().isEmpty() ? "(none)" : value.getKey()) + ": " + value.getValue())
                            .collect(Collectors.joining("; ")));
        }
        return values;
    }

    /** One row per run: the beginning of its id, name, setting, seed, status, score, time. */
    Table runs() {
        Rows<Run> rows = new Rows<>(comparison.runs());
        return Table.create(
                "runs",
                rows.text("run", Run::shortId),
                rows.text("name", Run::name),
                tables.runs().stringColumn("setting"),
                rows.text("seed", run -> run.params().getOrDefault(Setting.SEED, "")),
                rows.text("status", run -> run.status().toLowerCase(Locale.ROOT)),
                rows.text(comparison.metric(), run -> number(run.metric(comparison.metric()))),
                rows.text("time", run -> time(run.seconds())));
    }

    /** One row per setting, a column per metric: mean and interval. */
    Table metrics() {
        Rows<Setting> rows = new Rows<>(comparison.settings());
        Table table = Table.create("metrics", rows.text("setting", Setting::letter));
        Comparison.METRICS.stream()
                .filter(metric -> rows.rows().stream().anyMatch(setting -> setting.values(metric).length > 0))
                .forEach(metric -> table.addColumns(rows.text(metric, setting -> number(setting.mean(metric)))));
        return table;
    }

    private static String signed(MeanInterval interval) {
        return interval.n() == 0 ? UNKNOWN : (interval.mean() > 0 ? "+" : "") + number(interval);
    }

    /** Mean and half width, with the digits that suit the size of the metric. */
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
        return Double.isNaN(seconds) ? UNKNOWN : RunReport.shown(Duration.ofMillis(Math.round(seconds * 1e3)));
    }
}
