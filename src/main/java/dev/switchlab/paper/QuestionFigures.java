package dev.switchlab.paper;

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
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import tech.tablesaw.api.Row;

/** The figures of an answer. */
record QuestionFigures(Answer answer, Measures measures) {

    private static final String LOSS = "nats per character";

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
                    Optional.of(bars("max violation", "max load / mean load - 1", measures::maxViolation));
                case LINES -> Optional.of(lines());
                case SATURATION -> saturation();
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

    private LineChart lines() {
        Matrix matrix = new Matrix(answer.variants());
        List<Line> lines = new ArrayList<>();
        for (String name : matrix.names()) {
            List<Integer> numbers = matrix.numbers().stream()
                    .filter(number -> matrix.at(name, number).isPresent())
                    .toList();
            List<MeanInterval> scores = numbers.stream()
                    .map(number ->
                            answer.comparison().score(matrix.at(name, number).orElseThrow()))
                    .toList();
            lines.add(new Line(
                    name,
                    doubles(numbers, Integer::doubleValue),
                    doubles(scores, MeanInterval::mean),
                    doubles(scores, MeanInterval::low),
                    doubles(scores, MeanInterval::high)));
        }
        return new LineChart("validation loss by experts", "experts", Scale.LOGARITHMIC, LOSS, lines);
    }

    private static <T> double[] doubles(Collection<T> values, ToDoubleFunction<T> value) {
        return values.stream().mapToDouble(value).toArray();
    }

    /** Mean over seeds and layers, a line for each variant, and that of chance. */
    private Optional<LineChart> saturation() {
        List<Line> lines = new ArrayList<>();
        for (Setting variant : answer.variants()) {
            SortedMap<Long, List<Double>> own = byStep(variant, "saturation");
            if (!own.isEmpty()) {
                lines.add(means(variant.name(), own));
                lines.add(means(variant.name() + ", by chance", byStep(variant, "chance")));
            }
        }
        return lines.isEmpty()
                ? Optional.empty()
                : Optional.of(new LineChart("router saturation", "step", "share routed as at the end", lines));
    }

    private SortedMap<Long, List<Double>> byStep(Setting variant, String column) {
        SortedMap<Long, List<Double>> values = new TreeMap<>();
        for (Run run : variant.runs()) {
            for (Row row : measures.saturation(run).table()) {
                values.computeIfAbsent(row.getLong("step"), step -> new ArrayList<>())
                        .add(row.getDouble(column));
            }
        }
        return values;
    }

    private static Line means(String name, SortedMap<Long, List<Double>> values) {
        return new Line(
                name,
                doubles(values.keySet(), Long::doubleValue),
                doubles(values.values(), of -> of.stream().collect(Collectors.averagingDouble(value -> value))));
    }
}
