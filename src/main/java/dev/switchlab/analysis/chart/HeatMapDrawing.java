package dev.switchlab.analysis.chart;

import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Draws a heat map with its colour bar. */
final class HeatMapDrawing {

    /** Cells drawn; more are averaged over neighbouring columns. About 12 bytes each. */
    private static final int MOST_CELLS = 2000;

    /** Areas that show their value when pointed at, about 80 bytes each. */
    private static final int MOST_HINTS = 400;

    private static final double MOST_HEIGHT = 640;
    private static final double MOST_LABEL = 180;
    /** Of a cell. */
    private static final double MOST_WIDTH = 64;

    /** The color bar beside the cells. */
    private static final double BAR = 74;
    /** Least height of the color bar. */
    private static final double LEAST_HEIGHT = 90;
    /** Colours in the bar beside it. */
    private static final int STEPS = 25;
    /** Different colours drawn; the eye does not tell more apart. */
    private static final int SHADES = 100;
    /** On cells that are at least so light, text is black. */
    private static final double LIGHT = 0.5;

    private final HeatMap chart;
    private final double[][] cells;
    /** Columns of the chart in a column of {@link #cells}. */
    private final int merged;

    private final Range range;
    private final Frame frame;
    /** Of a cell. */
    private final double width;

    private final double height;

    HeatMapDrawing(HeatMap chart) {
        this.chart = chart;
        int most = Math.max(1, MOST_CELLS / chart.y().size());
        this.merged = (chart.x().size() + most - 1) / most;
        this.cells = Arrays.stream(chart.z()).map(this::merge).toArray(double[][]::new);
        this.range = chart.range();
        double left = (chart.yTitle().isEmpty() ? 16 : 34) + Math.min(MOST_LABEL, Labels.widest(chart.y().stream()));
        this.width = Math.min(MOST_WIDTH, (Frame.WIDTH - BAR - left) / cells[0].length);
        double enough = (Labels.width(chart.yTitle(), Frame.FONT) + 8) / cells.length;
        this.height = Math.min(Math.max(26, enough), MOST_HEIGHT / cells.length);
        this.frame =
                new Frame(chart, List.of(), left, left + width * cells[0].length, height * cells.length, LEAST_HEIGHT);
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

    String svg() {
        if (merged > 1) {
            frame.svg.element("metadata", "Each column is the mean of " + merged + ".");
        }
        cells();
        // Two digits after the point need some 30 pixels by 16.
        if (width >= 16 + 7 * chart.digits() && height >= 16) {
            numbers();
        }
        chart.framed().ifPresent(this::frame);
        hints();
        rows();
        columns();
        colorBar();
        frame.xTitle(chart.xTitle());
        frame.yTitle(chart.yTitle());
        return frame.finish();
    }

    private double x(double column) {
        return frame.left + column * width;
    }

    private double y(double row) {
        return frame.top + row * height;
    }

    /** One path per shade, a fraction of the size of one rectangle per cell. */
    private void cells() {
        Map<Integer, Path> shades = new TreeMap<>();
        for (int row = 0; row < cells.length; row++) {
            for (int column = 0; column < cells[row].length; column++) {
                double value = cells[row][column];
                if (Double.isFinite(value)) {
                    int shade = (int) Math.round(range.share(value) * SHADES);
                    shades.computeIfAbsent(shade, s -> new Path())
                            .move(column, row)
                            .right(1)
                            .down(1)
                            .right(-1)
                            .close();
                }
            }
        }
        // In columns and rows, which are shorter than pixels.
        String transform = String.format(
                Locale.ROOT, "translate(%.1f %.1f) scale(%.4f %.4f)", frame.left, frame.top, width, height);
        frame.svg.open("g", "class transform shape-rendering", "marks", transform, "crispEdges");
        shades.forEach(
                (shade, path) -> frame.svg.leaf("path", "d fill", path, Palette.cividis((double) shade / SHADES)));
        frame.svg.close();
    }

    /** The values that cells show when pointed at; of many cells, neighbours in a row share an area. */
    private void hints() {
        int columns = cells[0].length;
        int most = Math.max(1, MOST_HINTS / cells.length);
        int together = (columns + most - 1) / most;
        frame.openHints();
        for (int row = 0; row < cells.length; row++) {
            for (int column = 0; column < columns; column += together) {
                int end = Math.min(columns, column + together);
                String text = hint(row, column * merged, Math.min(chart.x().size(), end * merged));
                frame.hint(
                        x(column), y(row), (end - column) * width, height, text.isEmpty() ? List.of() : List.of(text));
            }
        }
        frame.svg.close();
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

    private void numbers() {
        String format = "%." + chart.digits() + "f";
        frame.svg.open("g", "text-anchor font-size", "middle", 11);
        for (int row = 0; row < cells.length; row++) {
            for (int column = 0; column < cells[row].length; column++) {
                double value = cells[row][column];
                if (Double.isFinite(value)) {
                    String text = String.format(Locale.ROOT, format, value);
                    String color = range.share(value) < LIGHT ? "#fff" : "#000";
                    frame.svg.element("text", text, "x y fill", x(column + 0.5), y(row + 0.5) + 4, color);
                }
            }
        }
        frame.svg.close();
    }

    /** Black on white can be seen on every colour. */
    private void frame(HeatMap.Cell cell) {
        frame(cell, "#fff", 4);
        frame(cell, "#000", 1.5);
    }

    private void frame(HeatMap.Cell cell, String color, double stroke) {
        int column = cell.column() / merged;
        frame.svg.leaf(
                "rect",
                "class x y width height fill stroke stroke-width",
                "frame",
                x(column) + 2,
                y(cell.row()) + 2,
                width - 4,
                height - 4,
                "none",
                color,
                stroke);
    }

    private void rows() {
        int stride = Labels.stride(Frame.FONT + 1, height);
        for (int row = 0; row < cells.length; row += stride) {
            String label = Labels.cut(chart.y().get(row), Frame.FONT, MOST_LABEL);
            frame.label(frame.left - 6, y(row + 0.5) + 4, "end", label);
        }
    }

    private void columns() {
        double distance = (frame.right - frame.left) / chart.x().size();
        int[] labelled = Labels.columns(chart.x(), distance);
        double[] places = IntStream.of(labelled)
                .mapToDouble(column -> frame.left + (column + 0.5) * distance)
                .toArray();
        frame.xTicks(DoubleStream.of(places));
        for (int i = 0; i < places.length; i++) {
            frame.xLabel(places[i], chart.x().get(labelled[i]));
        }
    }

    private void colorBar() {
        double x = frame.right + 14;
        double low = Math.max(frame.bottom, frame.top + LEAST_HEIGHT);
        double length = low - frame.top - 16;
        frame.label(frame.right + BAR - 6, frame.top - 2, "end", chart.zTitle());
        for (int i = 0; i < STEPS; i++) {
            // Each overlaps the one below, so that no gap shines through.
            double y = low - (i + 1) * length / STEPS;
            double height = length / STEPS + 0.5;
            String color = Palette.cividis(i / (STEPS - 1.0));
            frame.svg.leaf("rect", "x y width height fill", x, y, 14, height, color);
        }
        Axis values = new Axis(range, low, frame.top + 16);
        Range labelled = range.high() > range.low() ? range : range.padded(0.1);
        for (Tick tick : Tick.of(labelled, (int) Math.min(5, length / 24))) {
            frame.label(x + 18, values.at(tick.value()) + 4, "start", tick.label());
        }
    }
}
