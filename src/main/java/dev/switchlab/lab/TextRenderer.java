package dev.switchlab.lab;

import dev.switchlab.analysis.chart.BarChart;
import dev.switchlab.analysis.chart.Chart;
import dev.switchlab.analysis.chart.LineChart;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Charts as characters, each beginning on a new line. */
final class TextRenderer {

    private static final int WIDTH = 50;

    private TextRenderer() {}

    static String of(Chart chart) {
        if (chart instanceof LineChart lines) {
            return lines(lines);
        }
        if (chart instanceof BarChart bars) {
            return bars(bars);
        }
        throw new IllegalArgumentException("no text form of " + chart.title());
    }

    private static String lines(LineChart chart) {
        return chart.lines().stream()
                .map(line -> "\n" + (chart.lines().size() == 1 ? chart.title() : line.name()) + BrailleLine.of(line))
                .collect(Collectors.joining());
    }

    private static String bars(BarChart chart) {
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
}
