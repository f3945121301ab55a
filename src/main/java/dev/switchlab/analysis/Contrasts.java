package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.DoubleStream;

/** How settings differ from their baselines, in any metric: one model of the noise, and one level of significance. */
final class Contrasts {

    private final List<Setting> settings;
    private final Map<String, Setting> baselines;
    private final double margin;
    private final double pageLevel;
    private final Map<List<String>, BlockModel> models = new HashMap<>();
    private final Map<String, Double> levels = new HashMap<>();

    /**
     * @param baselines the setting that each is compared with, by the setting's letter
     * @param margin a difference below which settings are equivalent; NaN without one
     * @param pageLevel the level of a page with other comparisons; NaN for a level by these differences alone
     */
    Contrasts(List<Setting> settings, Map<String, Setting> baselines, double margin, double pageLevel) {
        this.settings = settings;
        this.baselines = baselines;
        this.margin = margin;
        this.pageLevel = pageLevel;
    }

    /** Those of a page whose comparisons together have another level. */
    Contrasts at(double level) {
        return new Contrasts(settings, baselines, margin, level);
    }

    /** Of a setting to its baseline; empty for a setting without one. */
    Optional<Difference> of(Setting setting, String metric) {
        return Optional.ofNullable(baselines.get(setting.letter()))
                .map(other -> new Difference(
                        setting, other, metric, interval(setting, other, metric), level(metric), margin));
    }

    /** p values of all settings that have a baseline. */
    DoubleStream pValues(String metric) {
        return settings.stream()
                .filter(setting -> baselines.containsKey(setting.letter()))
                .mapToDouble(setting -> interval(setting, baselines.get(setting.letter()), metric)
                        .p());
    }

    private double level(String metric) {
        return Double.isNaN(pageLevel)
                ? levels.computeIfAbsent(metric, of -> Difference.level(pValues(of)))
                : pageLevel;
    }

    private MeanInterval interval(Setting setting, Setting other, String metric) {
        Map<String, Double> own = scores(setting, metric);
        Map<String, Double> others = scores(other, metric);
        double[] pairs = own.keySet().stream()
                .filter(others::containsKey)
                .mapToDouble(seed -> own.get(seed) - others.get(seed))
                .toArray();
        if (pairs.length == 0 || !isFinite(own) || !isFinite(others)) {
            return MeanInterval.of(pairs);
        }
        BlockModel model = models.computeIfAbsent(List.of(metric, Comparison.textAndSplit(setting)), this::model);
        return model.knowsNoise()
                ? model.difference(setting.letter(), other.letter(), pairs.length)
                : MeanInterval.of(pairs);
    }

    /** Of the settings whose losses are comparable. */
    private BlockModel model(List<String> metricAndText) {
        Map<String, Map<String, Double>> scores = new LinkedHashMap<>();
        for (Setting setting : settings) {
            Map<String, Double> own = scores(setting, metricAndText.get(0));
            if (Comparison.textAndSplit(setting).equals(metricAndText.get(1)) && !own.isEmpty() && isFinite(own)) {
                scores.put(setting.letter(), own);
            }
        }
        return new BlockModel(scores);
    }

    private static boolean isFinite(Map<String, Double> scores) {
        return scores.values().stream().allMatch(Double::isFinite);
    }

    private static Map<String, Double> scores(Setting setting, String metric) {
        Map<String, Double> scores = new LinkedHashMap<>();
        for (Map.Entry<String, Run> run : setting.bySeed().entrySet()) {
            Double value = run.getValue().metrics().get(metric);
            if (Objects.nonNull(value)) {
                scores.put(run.getKey(), value);
            }
        }
        return scores;
    }
}
