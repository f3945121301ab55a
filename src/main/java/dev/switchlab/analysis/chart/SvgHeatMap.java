package dev.switchlab.analysis.chart;

import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Draws a heat map with its colour bar. */
final class SvgHeatMap {

    /** Cells drawn; more are averaged over neighbouring columns. About 12 bytes each. */
    private static final int MOST_CELLS = 2000;

    /** Places that say their value when pointed at, about 65 bytes each. */
    private static final int MOST_HINTS = 400;

    private static final double MOST_HEIGHT = 640;
    private static final double MOST_LABEL = 180;
    /** Of a cell. */
    private static final double MOST_WIDTH = 64;

    private static final double BAR = 74;
    /** Colours in the bar beside it. */
    private static final int STEPS = 25;
    /** Different colours drawn: more the eye does not tell apart. */
    private static final int SHADES = 100;
    /** From so light on, text on a cell is black. */
    private static final double LIGHT = 0.5;

    private final HeatMap chart;
    private final double[][] cells;
    private final int merged;
    private final Range range;
    private final double left;
    private final double right;
    private final double top = SvgFrame.top(List.of());
    private final double bottom;
    private final double width;
    private final double height;

    SvgHeatMap(HeatMap chart) {
        this.chart = chart;
        int most = Math.max(1, MOST_CELLS / chart.y().size());
        this.merged = (chart.x().size() + most - 1) / most;
        this.cells = Arrays.stream(chart.z()).map(this::merge).toArray(double[][]::new);
        this.range = chart.range();
        this.left = (chart.yTitle().isEmpty() ? 16 : 34)
                + Math.min(
                        MOST_LABEL,
                        chart.y().stream()
                                .mapToDouble(label -> TextWidth.of(label, SvgFrame.FONT))
                                .max()
                                .orElse(0));
        this.width = Math.min(MOST_WIDTH, (SvgFrame.WIDTH - BAR - left) / cells[0].length);
        this.right = left + width * cells[0].length;
        double enough = (TextWidth.of(chart.yTitle(), SvgFrame.FONT) + 8) / cells.length;
        this.height = Math.min(Math.max(26, enough), MOST_HEIGHT / cells.length);
        this.bottom = top + height * cells.length;
    }

    /** Means of {@code merged} columns each, without the cells that are not finite. */
    private double[] merge(double[] row) {
        return IntStream.range(0, (row.length + merged - 1) / merged)
                .mapToDouble(column -> Arrays.stream(row, column * merged, Math.min(row.length, (column + 1) * merged))
                        .filter(Double::isFinite)
                        .average()
                        .orElse(Double.NaN))
                .toArray();
    }

    String draw() {
        SvgWriter svg = SvgFrame.begin(chart, Math.max(bottom, top + 90) + 46);
        if (merged > 1) {
            svg.text("metadata", "Each column is the mean of " + merged + ".");
        }
        cells(svg);
        // Two digits after the point need some 30 pixels by 16.
        if (width >= 16 + 7 * chart.digits() && height >= 16) {
            numbers(svg);
        }
        chart.framed().ifPresent(cell -> frame(svg, cell));
        hints(svg);
        rows(svg);
        columns(svg);
        colorBar(svg);
        SvgFrame.xTitle(svg, chart.xTitle(), left, right, bottom + 37);
        SvgFrame.yTitle(svg, chart.yTitle(), top, bottom);
        return svg.close().finish();
    }

    /** One path per shade, a fraction of the size of one rectangle per cell. */
    private void cells(SvgWriter svg) {
        Map<Integer, StringBuilder> shades = new TreeMap<>();
        for (int row = 0; row < cells.length; row++) {
            for (int column = 0; column < cells[row].length; column++) {
                double value = cells[row][column];
                if (Double.isFinite(value)) {
                    int shade = (int) Math.round(range.share(value) * SHADES);
                    shades.computeIfAbsent(shade, s -> new StringBuilder())
                            .append("M" + column + " " + row + "h1v1h-1z");
                }
            }
        }
        svg.open("g", "class", "marks", "transform", transform(), "shape-rendering", "crispEdges");
        shades.forEach((shade, path) -> svg.leaf("path", "d", path, "fill", Palette.cividis((double) shade / SHADES)));
        svg.close();
    }

    /** What cells say when they are pointed at; of many, neighbours in a row speak together. */
    private void hints(SvgWriter svg) {
        int columns = cells[0].length;
        int most = Math.max(1, MOST_HINTS / cells.length);
        int together = (columns + most - 1) / most;
        SvgFrame.hints(svg, "transform", transform());
        for (int row = 0; row < cells.length; row++) {
            for (int column = 0; column < columns; column += together) {
                int end = Math.min(columns, column + together);
                String text = hint(row, column * merged, Math.min(chart.x().size(), end * merged));
                if (!text.isEmpty()) {
                    svg.open(
                            "path",
                            "d",
                            "M" + column + " " + row + "h" + (end - column) + "v1h-" + (end - column) + "z");
                    svg.tooltip(List.of(text)).close();
                }
            }
        }
        svg.close();
    }

    /**
     * Such as "0·3, step 40: 0.2513", or of several columns "0·3, step 40 to 70: 0.2513 to 0.311"; empty if no cell is
     * finite.
     */
    private String hint(int row, int from, int to) {
        DoubleSummaryStatistics finite =
                Arrays.stream(chart.z()[row], from, to).filter(Double::isFinite).summaryStatistics();
        if (finite.getCount() == 0) {
            return "";
        }
        String columns =
                chart.x().get(from) + (to - from > 1 ? " to " + chart.x().get(to - 1) : "");
        String place = chart.y().get(row) + ", " + chart.xTitle() + " " + columns;
        return finite.getCount() == 1
                ? String.format(Locale.ROOT, "%s: %.4g", place, finite.getMin())
                : String.format(Locale.ROOT, "%s: %.4g to %.4g", place, finite.getMin(), finite.getMax());
    }

    private String transform() {
        return String.format(Locale.ROOT, "translate(%.1f %.1f) scale(%.4f %.4f)", left, top, width, height);
    }

    private void numbers(SvgWriter svg) {
        String format = "%." + chart.digits() + "f";
        svg.open("g", "text-anchor", "middle", "font-size", 11);
        for (int row = 0; row < cells.length; row++) {
            for (int column = 0; column < cells[row].length; column++) {
                double value = cells[row][column];
                if (Double.isFinite(value)) {
                    svg.text(
                            "text",
                            String.format(Locale.ROOT, format, value),
                            "x",
                            left + (column + 0.5) * width,
                            "y",
                            top + (row + 0.5) * height + 4,
                            "fill",
                            range.share(value) < LIGHT ? "#fff" : "#000");
                }
            }
        }
        svg.close();
    }

    /** White around black is seen on every colour. */
    private void frame(SvgWriter svg, HeatMap.Cell cell) {
        int column = cell.column() / merged;
        for (int i = 0; i < 2; i++) {
            svg.leaf(
                    "rect",
                    "class",
                    "frame",
                    "x",
                    left + column * width + 2,
                    "y",
                    top + cell.row() * height + 2,
                    "width",
                    width - 4,
                    "height",
                    height - 4,
                    "fill",
                    "none",
                    "stroke",
                    i == 0 ? "#fff" : "#000",
                    "stroke-width",
                    i == 0 ? 4 : 1.5);
        }
    }

    private void rows(SvgWriter svg) {
        int stride = Labels.stride(SvgFrame.FONT + 1, height);
        for (int row = 0; row < cells.length; row += stride) {
            String label = TextWidth.cut(chart.y().get(row), SvgFrame.FONT, MOST_LABEL);
            svg.label(left - 6, top + (row + 0.5) * height + 4, "end", label);
        }
    }

    private void columns(SvgWriter svg) {
        StringBuilder ticks = new StringBuilder();
        for (int column : Labels.columns(
                chart.x(), SvgFrame.FONT, (right - left) / chart.x().size())) {
            double place = left + (column + 0.5) * (right - left) / chart.x().size();
            ticks.append(SvgWriter.move(place, bottom)).append("v4");
            svg.label(place, bottom + 17, "middle", chart.x().get(column));
        }
        svg.leaf("path", "d", ticks, "stroke", SvgFrame.AXIS);
    }

    private void colorBar(SvgWriter svg) {
        double x = right + 14;
        double low = Math.max(bottom, top + 90);
        double length = low - top - 16;
        svg.label(right + BAR - 6, top - 2, "end", chart.zTitle());
        for (int i = 0; i < STEPS; i++) {
            // Each overlaps the one below, so that no gap shines through.
            double y = low - (i + 1) * length / STEPS;
            double height = length / STEPS + 0.5;
            svg.leaf("rect", "x", x, "y", y, "width", 14, "height", height, "fill", Palette.cividis(i / (STEPS - 1.0)));
        }
        Ticks ticks = Ticks.of(range.high() > range.low() ? range : range.padded(0.1), (int) Math.min(5, length / 24));
        for (int i = 0; i < ticks.values().size(); i++) {
            double y = low - range.share(ticks.values().get(i)) * length;
            svg.label(x + 18, y + 4, "start", ticks.labels().get(i));
        }
    }
}
