package dev.switchlab.lab;

import dev.switchlab.analysis.chart.BarChart;
import dev.switchlab.analysis.chart.Chart;
import dev.switchlab.analysis.chart.HeatMap;
import dev.switchlab.analysis.chart.IntervalChart;
import dev.switchlab.analysis.chart.LineChart;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Charts as characters, each beginning on a new line. */
final class TextRenderer implements Chart.Renderer<String> {

    private static final int WIDTH = 50;
    /** From the least value to the greatest; a cell that is not finite is a dot. */
    private static final String SHADES = "░▒▓█";

    @Override
    public String lines(LineChart chart) {
        return chart.lines().stream()
                .map(line -> "\n" + (chart.lines().size() == 1 ? chart.title() : line.name()) + BrailleLine.of(line))
                .collect(Collectors.joining());
    }

    @Override
    public String bars(BarChart chart) {
        List<String> labels = chart.categories();
        int width = labels.stream().mapToInt(String::length).max().orElse(0);
        StringBuilder text = new StringBuilder();
        for (BarChart.Series series : chart.series()) {
            double largest = 0;
            for (double value : series.values()) {
                largest = Math.max(largest, value);
            }
            text.append('\n').append(series.name());
            for (int row = 0; row < labels.size(); row++) {
                double value = series.values()[row];
                text.append('\n')
                        .append(" ".repeat(width - labels.get(row).length()))
                        .append(labels.get(row))
                        .append("  ")
                        .append("█".repeat((int) Math.round(WIDTH * value / (largest == 0 ? 1 : largest))))
                        .append(' ')
                        .append(String.format(Locale.ROOT, "%.4g", value));
            }
        }
        return text.toString();
    }

    @Override
    public String heatMap(HeatMap chart) {
        double[] finite = Arrays.stream(chart.z())
                .flatMapToDouble(Arrays::stream)
                .filter(Double::isFinite)
                .toArray();
        double low = Arrays.stream(finite).min().orElse(0);
        double high = Arrays.stream(finite).max().orElse(0);
        int width = chart.y().stream().mapToInt(String::length).max().orElse(0);
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "\n%s (%c %.4g to %c %.4g)",
                chart.title(),
                SHADES.charAt(0),
                low,
                SHADES.charAt(3),
                high));
        for (int row = 0; row < chart.y().size(); row++) {
            String label = chart.y().get(row);
            text.append('\n')
                    .append(" ".repeat(width - label.length()))
                    .append(label)
                    .append("  ");
            for (double value : chart.z()[row]) {
                int shade = high > low ? (int) Math.min(3, 4 * (value - low) / (high - low)) : 0;
                text.append(Double.isFinite(value) ? SHADES.charAt(shade) : '·');
            }
        }
        return text.toString();
    }

    @Override
    public String intervals(IntervalChart chart) {
        List<String> labels =
                chart.points().stream().map(IntervalChart.Point::label).toList();
        int width = labels.stream().mapToInt(String::length).max().orElse(0);
        return "\n" + chart.title()
                + chart.points().stream()
                        .map(point -> "\n" + " ".repeat(width - point.label().length()) + point.label()
                                + String.format(Locale.ROOT, "  %.4g", point.mean())
                                + (Double.isNaN(point.low())
                                        ? ""
                                        : String.format(Locale.ROOT, " (%.4g to %.4g)", point.low(), point.high())))
                        .collect(Collectors.joining());
    }
}
