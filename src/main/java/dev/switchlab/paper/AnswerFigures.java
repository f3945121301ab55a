package dev.switchlab.paper;

import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.analysis.RouterSaturation;
import dev.switchlab.analysis.chart.Chart;
import dev.switchlab.analysis.chart.IntervalChart;
import dev.switchlab.analysis.chart.LineChart;
import dev.switchlab.analysis.chart.LineChart.Line;
import dev.switchlab.analysis.chart.Scale;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import tech.tablesaw.api.Row;

/** What is drawn of an answer: file name without ending to chart. */
final class AnswerFigures {

    private static final String LOSS = "nats per character";

    private final Answer answer;
    private final Measures measures;

    AnswerFigures(Answer answer, Measures measures) {
        this.answer = answer;
        this.measures = measures;
    }

    Map<String, Chart> all() {
        Map<String, Chart> charts = new LinkedHashMap<>();
        for (Question.Figure figure : answer.question().figures()) {
            String name = String.format(
                    Locale.ROOT,
                    "paper-%02d-%s",
                    answer.question().number(),
                    figure.name().toLowerCase(Locale.ROOT));
            switch (figure) {
                case BARS -> charts.put(name, bars("validation loss", LOSS, Variant::score));
                case IMBALANCE ->
                    charts.put(name, bars("max violation", "max load / mean load - 1", measures::maxViolation));
                case LINES -> charts.put(name, lines());
                case SATURATION -> saturation().ifPresent(chart -> charts.put(name, chart));
            }
        }
        return charts;
    }

    private IntervalChart bars(String title, String unit, ToDoubleFunction<Run> measure) {
        List<IntervalChart.Point> points = new ArrayList<>();
        for (Variant variant : answer.variants()) {
            MeanInterval interval = variant.over(measure);
            double[] values =
                    variant.runs().values().stream().mapToDouble(measure).toArray();
            if (Double.isFinite(interval.mean())) {
                points.add(new IntervalChart.Point(
                        answer.letter(variant), 0, interval.mean(), interval.low(), interval.high(), values));
            }
        }
        return new IntervalChart(title, "variant", Scale.CATEGORIES, unit, points);
    }

    private LineChart lines() {
        Matrix matrix = new Matrix(answer.variants());
        List<Line> lines = new ArrayList<>();
        for (String name : matrix.names()) {
            List<Integer> numbers = matrix.numbers().stream()
                    .filter(number -> matrix.at(name, number).isPresent())
                    .toList();
            List<MeanInterval> scores = numbers.stream()
                    .map(number -> matrix.at(name, number).orElseThrow().score())
                    .toList();
            lines.add(new Line(
                    name,
                    numbers.stream().mapToDouble(Integer::doubleValue).toArray(),
                    scores.stream().mapToDouble(MeanInterval::mean).toArray(),
                    scores.stream().mapToDouble(MeanInterval::low).toArray(),
                    scores.stream().mapToDouble(MeanInterval::high).toArray()));
        }
        return new LineChart("validation loss by experts", "experts", Scale.LOGARITHMIC, LOSS, lines);
    }

    /** Mean over seeds and layers, a line for each variant, and what chance gives. */
    private Optional<LineChart> saturation() {
        List<Line> lines = new ArrayList<>();
        for (Variant variant : answer.variants()) {
            Map<Long, List<Double>> own = new TreeMap<>();
            Map<Long, List<Double>> chance = new TreeMap<>();
            for (Run run : variant.runs().values()) {
                RouterSaturation saturation = measures.saturation(run);
                for (Row row : saturation.table()) {
                    own.computeIfAbsent(row.getLong("step"), step -> new ArrayList<>())
                            .add(row.getDouble("saturation"));
                    chance.computeIfAbsent(row.getLong("step"), step -> new ArrayList<>())
                            .add(row.getDouble("chance"));
                }
            }
            if (!own.isEmpty()) {
                lines.add(line(variant.name(), own));
                lines.add(line(variant.name() + ", by chance", chance));
            }
        }
        return lines.isEmpty()
                ? Optional.empty()
                : Optional.of(new LineChart("router saturation", "step", "share routed as at the end", lines));
    }

    private static Line line(String name, Map<Long, List<Double>> values) {
        return new Line(
                name,
                values.keySet().stream().mapToDouble(Long::doubleValue).toArray(),
                values.values().stream()
                        .mapToDouble(of -> of.stream()
                                .mapToDouble(Double::doubleValue)
                                .average()
                                .orElseThrow())
                        .toArray());
    }
}
