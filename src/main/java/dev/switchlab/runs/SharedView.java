package dev.switchlab.runs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.Json;
import dev.switchlab.runs.db.Session;
import dev.switchlab.runs.db.TextsTable;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.DeflaterOutputStream;

/**
 * How MLflow's UI shows the runs of an experiment: losses first, then the balance of experts with all experts of a
 * layer in one chart, then settings against loss. MLflow keeps such a view as a tag of the experiment, as its Share
 * button does: JSON, here in the compressed form {@code deflate;<base64 of a zlib stream>}.
 */
public final class SharedView {
    /** The tag of an experiment. */
    public static final String TAG = "mlflow.sharedViewState.switchlab";

    /** The end of an address that opens the view, behind the experiment's address. */
    public static final String ADDRESS = "/runs?viewStateShareKey=switchlab&compareRunsMode=CHART";

    /** MLflow's limit for tags of experiments, in characters. */
    static final int LONGEST = 5000;

    private static final int MOST_SETTINGS = 8;
    /** More lines in a chart cannot be told apart. */
    private static final int MOST_EXPERTS = 256;

    private static final int MOST_LAYERS = 500;

    private static final String LOSS = "loss";
    private static final String BALANCE = "balance";
    private static final String SETTINGS = "settings";
    private static final String FINAL_LOSS = MetricNames.FINAL + MetricNames.CROSS_ENTROPY;

    private SharedView() {}

    /** Writes the view of an experiment for its present runs. */
    static void keep(Session session, long experimentId) throws SQLException {
        String view = of(TextsTable.paramsIn(session, experimentId));
        TextsTable.EXPERIMENT_TAGS.set(session, experimentId, Map.of(TAG, view));
    }

    /**
     * The value of the tag.
     *
     * @param params the values of each parameter in the experiment's runs
     */
    static String of(Map<String, Set<String>> params) {
        boolean dense = Set.of("dense").equals(params.get("model.feed_forward"));
        int experts = dense ? 0 : largest(params.get("model.n_experts"), MOST_EXPERTS);
        List<String> settings = settings(params);
        int layers = experts == 0 ? 0 : largest(params.get("model.n_layers"), MOST_LAYERS);
        String view = deflated(json(layers, experts, settings));
        // Layers whose charts make the tag too long are left out: MLflow draws their metrics one by one.
        while (view.length() > LONGEST && layers > 0) {
            layers = Math.min(layers - 1, layers * LONGEST / view.length());
            view = deflated(json(layers, experts, settings));
        }
        return view;
    }

    /** The largest of some numbers, at most {@code limit}; 0 for none. */
    private static int largest(Set<String> numbers, int limit) {
        return (numbers == null ? Stream.<String>empty() : numbers.stream())
                .filter(number -> number.matches("\\d{1,18}"))
                .mapToInt(number -> (int) Math.min(limit, Long.parseLong(number)))
                .max()
                .orElse(0);
    }

    /** Settings that differ between the runs, and the seed. */
    private static List<String> settings(Map<String, Set<String>> params) {
        Stream<String> differing = params.keySet().stream()
                .filter(key -> key.matches("(model|train)\\.\\w+|corpus\\.name|semantics")
                        && params.get(key).size() > 1)
                .sorted()
                .limit(MOST_SETTINGS);
        return Stream.concat(differing, Stream.of("seed")).toList();
    }

    private static String json(int layers, int experts, List<String> settings) {
        List<Map<String, Object>> charts = new ArrayList<>();
        charts.add(lines(LOSS, "train", List.of(MetricNames.TRAIN_CROSS_ENTROPY)));
        charts.add(lines(LOSS, "valid", List.of(MetricNames.VALID + MetricNames.CROSS_ENTROPY)));
        charts.add(chart("BAR", LOSS, "final", Map.of("displayName", "final cross-entropy", "metricKey", FINAL_LOSS)));
        for (int i = 0; i < layers; i++) {
            int layer = i;
            charts.add(lines(
                    BALANCE,
                    "load" + layer,
                    IntStream.range(0, experts)
                            .mapToObj(expert -> MetricNames.ofExpert(layer, "load", expert))
                            .toList()));
        }
        for (String quantity : layers == 0 ? List.<String>of() : List.of("max_violation", "dropped_fraction")) {
            charts.add(lines(
                    BALANCE,
                    quantity,
                    IntStream.range(0, layers)
                            .mapToObj(layer -> MetricNames.ofLayer(layer, quantity))
                            .toList()));
        }
        charts.add(chart(
                "PARALLEL",
                SETTINGS,
                SETTINGS,
                Map.of("selectedParams", settings, "selectedMetrics", List.of(FINAL_LOSS), "showAllRuns", true)));

        List<Map<String, Object>> sections = new ArrayList<>();
        sections.add(section(LOSS, "Loss"));
        if (layers > 0) {
            sections.add(section(BALANCE, "Balance of experts"));
        }
        sections.add(section(SETTINGS, "Settings against loss"));

        Map<String, Object> view = new HashMap<>();
        view.put("orderByKey", "attributes.start_time");
        view.put("orderByAsc", false);
        view.put("searchFilter", "");
        view.put("startTime", "ALL");
        view.put("lifecycleFilter", "Active");
        view.put(
                "selectedColumns",
                Stream.concat(
                                Stream.of("attributes.`Duration`", "metrics.`" + FINAL_LOSS + "`"),
                                settings.stream().map(setting -> "params.`" + setting + "`"))
                        .toList());
        view.put("runsHiddenMode", "FIRST_10_RUNS");
        view.put("isAccordionReordered", true);
        view.put("hideEmptyCharts", true);
        view.put("useGroupedValuesInCharts", true);
        view.put("autoRefreshEnabled", true);
        view.put("runsExpanded", Map.of());
        view.put("runsPinned", List.of());
        view.put("runsHidden", List.of());
        view.put("runsVisibilityMap", Map.of());
        view.put("groupBy", null);
        view.put("groupsExpanded", Map.of());
        view.put(
                "globalLineChartConfig", Map.of("xAxisKey", "step", "lineSmoothness", 0, "selectedXAxisMetricKey", ""));
        view.put("compareRunSections", sections);
        view.put("compareRunCharts", charts);
        try {
            // Equal views are equal texts.
            return Json.MAPPER
                    .writer()
                    .with(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
                    .writeValueAsString(view);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, Object> section(String id, String name) {
        return Map.of("name", name, "uuid", id, "display", true, "isReordered", false, "columns", 3, "cardHeight", 300);
    }

    private static Map<String, Object> chart(String type, String section, String id, Map<String, Object> more) {
        Map<String, Object> chart = new HashMap<>(more);
        chart.put("type", type);
        chart.put("uuid", section + "-" + id);
        chart.put("metricSectionId", section);
        chart.put("deleted", false);
        chart.put("isGenerated", false);
        return chart;
    }

    private static Map<String, Object> lines(String section, String id, List<String> metrics) {
        Map<String, Object> chart = chart("LINE", section, id, Map.of("metricKey", metrics.get(0)));
        chart.put("selectedMetricKeys", metrics);
        chart.put("runsCountToCompare", 10);
        chart.put("lineSmoothness", 0);
        chart.put("xAxisScaleType", "linear");
        chart.put("scaleType", "linear");
        chart.put("xAxisKey", "step");
        chart.put("selectedXAxisMetricKey", "");
        chart.put("yAxisKey", "metric");
        chart.put("yAxisExpressions", List.of());
        chart.put("ignoreOutliers", false);
        chart.put("useGlobalXaxisKey", true);
        chart.put("useGlobalLineSmoothing", true);
        chart.put("range", Map.of());
        return chart;
    }

    private static String deflated(String json) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(bytes)) {
            deflater.write(json.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return "deflate;" + Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
