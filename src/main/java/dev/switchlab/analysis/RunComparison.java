package dev.switchlab.analysis;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/**
 * Several runs side by side. Runs whose parameters differ in nothing but seed, device and threads form a setting (A, B, ...); settings are compared with
 * the first, seed by seed.
 *
 * @param runs the runs in the order given, each once
 * @param settings one row per run: run, name, setting, seed, and the parameters that differ
 * @param metrics one row per run and metric: final value, best value and the step of the best
 * @param differences one row per later setting and metric: paired difference with its 95 % confidence interval
 * @param notes what the reader has to know, such as seeds without a partner
 */
public record RunComparison(List<Run> runs, Table settings, Table metrics, Table differences, List<String> notes) {

    static final String SEED = "seed";

    /** What does not make another setting: it changes rounding and speed at most. */
    private static final Set<String> NOT_A_SETTING = Set.of(SEED, "device", "threads");

    private static final Pattern DIGEST = Pattern.compile("^([0-9a-f]{8})[0-9a-f]{24,}$");

    private static final int SHORT_ID = 8;

    /** The metrics that are compared. */
    public static final List<String> METRICS = List.of(
            MetricNames.TRAIN_CROSS_ENTROPY,
            MetricNames.VALID + MetricNames.CROSS_ENTROPY,
            MetricNames.VALID + MetricNames.BITS_PER_CHAR,
            MetricNames.VALID + MetricNames.ACCURACY,
            MetricNames.FINAL + MetricNames.CROSS_ENTROPY,
            MetricNames.FINAL + MetricNames.ACCURACY,
            MetricNames.TRAIN_TOKENS_PER_SECOND);

    /**
     * Compares.
     *
     * @param names runs by id, beginning of an id or name; an experiment's name stands for all its finished runs that trained a model
     * @throws IllegalArgumentException if these are fewer than two runs
     */
    public static RunComparison of(RunSource source, List<String> names) {
        Map<String, Run> chosen = new LinkedHashMap<>();
        for (String name : names) {
            List<Run> finished = source.experiment(name).stream()
                    .filter(run -> run.status().equals("FINISHED") && !isSummary(run))
                    .sorted(Comparator.comparing(Run::start)) // what was tried first is what others are held against
                    .toList();
            (finished.isEmpty() ? List.of(source.find(name)) : finished).forEach(run -> chosen.put(run.runId(), run));
        }
        if (chosen.size() < 2) {
            throw new IllegalArgumentException("RUNS names " + chosen.size()
                    + " run, allowed: two or more run ids or names, or experiments, for example RUNS=\"1a2b3c4d"
                    + " 5e6f7a8b\"; `make runs` lists them");
        }
        List<Run> runs = List.copyOf(chosen.values());
        Map<String, String> letters = settingLetters(runs);
        Map<String, Map<String, Curve>> curves = curves(source, runs);
        PairedDifferences differences = PairedDifferences.of(runs, letters, curves);
        return new RunComparison(
                runs,
                settings(runs, letters),
                metrics(runs, letters, curves),
                differences.table(),
                differences.notes());
    }

    /** {@link #settings} with a column per run, because runs are few and parameters that differ may be many; digests are shortened. */
    public Table settingsAcross() {
        Table across = settings.transpose(true, true);
        for (StringColumn column : across.stringColumns()) {
            for (int row = 0; row < column.size(); row++) {
                column.set(row, DIGEST.matcher(column.get(row)).replaceFirst("$1…"));
            }
        }
        return across;
    }

    /** The setting of a run: A, B, ... */
    String letter(Run run) {
        return settings.stringColumn("setting").get(runs.indexOf(run));
    }

    /** Whether {@code run} trained nothing itself but sums up others, its children. */
    public static boolean isSummary(Run run) {
        return run.tags().containsKey(RunInfo.SUMMARY_TAG);
    }

    /** The parameters that are not the same in all runs, seed included. */
    public static List<String> differingParams(List<Run> runs) {
        Set<String> keys = new TreeSet<>();
        runs.forEach(run -> keys.addAll(run.params().keySet()));
        return keys.stream()
                .filter(key -> runs.stream()
                                .map(run -> run.params().getOrDefault(key, ""))
                                .distinct()
                                .count()
                        > 1)
                .toList();
    }

    /** Run id to the name of its setting: A, B, ... in order of appearance. */
    private static Map<String, String> settingLetters(List<Run> runs) {
        Map<Map<String, String>, String> names = new LinkedHashMap<>();
        Map<String, String> letters = new LinkedHashMap<>();
        for (Run run : runs) {
            Map<String, String> setting = new TreeMap<>(run.params());
            setting.keySet().removeAll(NOT_A_SETTING);
            letters.put(run.runId(), names.computeIfAbsent(setting, s -> letter(names.size())));
        }
        return letters;
    }

    private static String letter(int index) {
        return index < 26 ? Character.toString('A' + index) : "S" + (index + 1);
    }

    private static Map<String, Map<String, Curve>> curves(RunSource source, List<Run> runs) {
        Map<String, Map<String, Curve>> curves = new LinkedHashMap<>();
        for (Run run : runs) {
            Map<String, Curve> own = new LinkedHashMap<>();
            for (String metric : METRICS) {
                List<MetricPoint> points =
                        run.metrics().containsKey(metric) ? source.history(run.runId(), metric) : List.of();
                if (!points.isEmpty()) {
                    own.put(metric, Curve.of(metric, points));
                }
            }
            curves.put(run.runId(), own);
        }
        return curves;
    }

    private static Table settings(List<Run> runs, Map<String, String> letters) {
        Table table = Table.create(
                "runs",
                StringColumn.create("run"),
                StringColumn.create("name"),
                StringColumn.create("setting"),
                StringColumn.create(SEED));
        List<String> params = differingParams(runs).stream()
                .filter(param -> !param.equals(SEED))
                .toList();
        params.forEach(param -> table.addColumns(StringColumn.create(param)));
        for (Run run : runs) {
            table.stringColumn("run").append(shortId(run));
            table.stringColumn("name").append(run.name());
            table.stringColumn("setting").append(letters.get(run.runId()));
            table.stringColumn(SEED).append(run.params().getOrDefault(SEED, ""));
            params.forEach(
                    param -> table.stringColumn(param).append(run.params().getOrDefault(param, "")));
        }
        return table;
    }

    private static Table metrics(List<Run> runs, Map<String, String> letters, Map<String, Map<String, Curve>> curves) {
        Table table = Table.create(
                "metrics",
                StringColumn.create("metric"),
                StringColumn.create("run"),
                StringColumn.create("setting"),
                DoubleColumn.create("final"),
                DoubleColumn.create("best"),
                IntColumn.create("best_step"));
        for (String metric : METRICS) {
            for (Run run : runs) {
                Curve curve = curves.get(run.runId()).get(metric);
                if (curve != null) {
                    table.stringColumn("metric").append(metric);
                    table.stringColumn("run").append(shortId(run));
                    table.stringColumn("setting").append(letters.get(run.runId()));
                    table.doubleColumn("final").append(curve.last());
                    table.doubleColumn("best").append(curve.best());
                    table.intColumn("best_step").append(Math.toIntExact(curve.bestStep()));
                }
            }
        }
        return table;
    }

    /** The first characters of a run's id, as people type them. */
    public static String shortId(Run run) {
        return run.runId().substring(0, Math.min(SHORT_ID, run.runId().length()));
    }
}
