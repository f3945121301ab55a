package dev.switchlab.paper;

import com.google.common.base.Splitter;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.analysis.Setting;
import dev.switchlab.analysis.chart.Chart;
import dev.switchlab.analysis.chart.IntervalChart;
import dev.switchlab.analysis.chart.LineChart;
import dev.switchlab.analysis.chart.LineChart.Line;
import dev.switchlab.analysis.chart.Scale;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** The figures of an answer. */
record QuestionFigures(Answer answer) {

    private static final String LOSS = "nats per character";

    /** From point to point of a drawn curve. */
    private static final double FINE = Math.pow(2, 0.25);

    /** Name of the file without its ending, to chart. */
    Map<String, Chart> all() {
        Map<String, Chart> charts = new LinkedHashMap<>();
        for (Question.Figure figure : answer.question().figures()) {
            String name = String.format(
                    Locale.ROOT,
                    "paper-%02d-%s",
                    answer.question().number(),
                    figure.name().toLowerCase(Locale.ROOT));
            Optional<? extends Chart> chart = switch (figure) {
                case BARS -> Optional.of(bars("validation loss", LOSS, run -> run.metric(Comparison.FINAL_SCORE)));
                case IMBALANCE ->
                    Optional.of(bars(
                            "max violation", "max load / mean load - 1", run -> run.metric(Measures.MAX_VIOLATION)));
                case LINES -> lines();
                case SATURATION -> saturation();
                case FIT -> ScalingFit.of(answer).map(QuestionFigures::fit);
            };
            chart.ifPresent(drawn -> charts.put(name, drawn));
        }
        return charts;
    }

    private IntervalChart bars(String title, String unit, ToDoubleFunction<Run> measure) {
        List<IntervalChart.Point> points = new ArrayList<>();
        for (Setting variant : answer.variants()) {
            MeanInterval interval = variant.mean(measure);
            if (Double.isFinite(interval.mean())) {
                double[] values =
                        variant.bySeed().values().stream().mapToDouble(measure).toArray();
                points.add(new IntervalChart.Point(
                        variant.letter(), 0, interval.mean(), interval.low(), interval.high(), values));
            }
        }
        return new IntervalChart(title, "variant", Scale.CATEGORIES, unit, points);
    }

    private Optional<LineChart> lines() {
        List<Line> lines = new ArrayList<>();
        answer.byExperts().rowMap().forEach((name, variants) -> {
            List<MeanInterval> scores =
                    variants.values().stream().map(answer.comparison()::score).toList();
            lines.add(new Line(
                    name,
                    doubles(variants.keySet(), Integer::doubleValue),
                    doubles(scores, MeanInterval::mean),
                    doubles(scores, MeanInterval::low),
                    doubles(scores, MeanInterval::high)));
        });
        return chart("validation loss by experts", "experts", Scale.LOGARITHMIC, LOSS, lines);
    }

    /** Losses less that of the dense model, so that those of another text can stand beside them. */
    private static LineChart fit(ScalingFit here) {
        List<Line> lines = new ArrayList<>(lines("here", here));
        lines.addAll(lines("table 7", ScalingFit.TABLE_7));
        return new LineChart(
                "loss by experts, less that of the dense model", "experts", Scale.LOGARITHMIC, "nats per token", lines);
    }

    private static List<Line> lines(String name, ScalingFit fit) {
        double dense = fit.losses()[0];
        double[] x = DoubleStream.iterate(1, e -> e <= fit.experts()[fit.experts().length - 1] * 1.001, e -> e * FINE)
                .toArray();
        boolean hasBand = !fit.resampled().isEmpty();
        return List.of(
                new Line(name, fit.experts(), map(fit.losses(), loss -> loss - dense)),
                new Line(
                        name + ", c + a E^-b",
                        x,
                        map(x, e -> fit.curve().at(e) - dense),
                        hasBand ? map(x, e -> fit.interval(curve -> curve.at(e))[0] - dense) : new double[0],
                        hasBand ? map(x, e -> fit.interval(curve -> curve.at(e))[1] - dense) : new double[0]));
    }

    private static double[] map(double[] values, DoubleUnaryOperator function) {
        return DoubleStream.of(values).map(function).toArray();
    }

    private static Optional<LineChart> chart(String title, String xTitle, Scale scale, String unit, List<Line> lines) {
        return lines.isEmpty() ? Optional.empty() : Optional.of(new LineChart(title, xTitle, scale, unit, lines));
    }

    private static <T> double[] doubles(Collection<T> values, ToDoubleFunction<T> value) {
        return values.stream().mapToDouble(value).toArray();
    }

    /** Mean over seeds and layers, a line for each variant, and that of chance. */
    private Optional<LineChart> saturation() {
        List<Line> lines = new ArrayList<>();
        for (Setting variant : answer.variants()) {
            Map<Long, Double> own = byStep(variant, 1);
            if (!own.isEmpty()) {
                lines.add(means(variant.name(), own));
                lines.add(means(variant.name() + ", by chance", byStep(variant, 2)));
            }
        }
        return chart("router saturation", "step", Scale.LINEAR, "share routed as at the end", lines);
    }

    /** @param column of {@link Measures#SATURATION}, after the step */
    private static Map<Long, Double> byStep(Setting variant, int column) {
        return variant.runs().stream()
                .flatMap(run -> Stream.ofNullable(run.tags().get(Measures.SATURATION)))
                .flatMap(Splitter.on(", ")::splitToStream)
                .map(Splitter.on('=')::splitToList)
                .collect(Collectors.groupingBy(
                        point -> Long.valueOf(point.get(0)),
                        TreeMap::new,
                        Collectors.averagingDouble(point -> Double.parseDouble(point.get(column)))));
    }

    private static Line means(String name, Map<Long, Double> values) {
        return new Line(name, doubles(values.keySet(), Long::doubleValue), doubles(values.values(), value -> value));
    }
}
