package dev.switchlab.analysis.chart;

import static com.google.common.base.Preconditions.checkArgument;

import dev.switchlab.analysis.chart.Frame.Axis;
import dev.switchlab.analysis.chart.Range.Tick;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * A matrix as colors. Cells that are NaN or infinite stay empty.
 *
 * @param xTitle what the columns are
 * @param yTitle what the rows are
 * @param zTitle what the colors are, with the unit
 * @param x the columns' names
 * @param y the rows' names, from above
 * @param z [row][column]
 * @param digits after the point, of the numbers in cells that have room for them
 */
public record HeatMap(
        String title,
        String xTitle,
        String yTitle,
        String zTitle,
        List<String> x,
        List<String> y,
        double[][] z,
        int digits,
        Optional<Cell> framed)
        implements Chart {

    /** A place in the matrix, from 0. */
    public record Cell(int row, int column) {}

    /** With two digits and without a frame. */
    public HeatMap(
            String title, String xTitle, String yTitle, String zTitle, List<String> x, List<String> y, double[][] z) {
        this(title, xTitle, yTitle, zTitle, x, y, z, 2, Optional.empty());
    }

    /** Checks that every row has its cells. */
    public HeatMap {
        x = List.copyOf(x);
        y = List.copyOf(y);
        checkArgument(!x.isEmpty() && !y.isEmpty(), "chart '%s' has no cell", title);
        checkArgument(z.length == y.size(), "heat map '%s' has %s rows for %s names", title, z.length, y.size());
        for (double[] row : z) {
            checkArgument(
                    row.length == x.size(),
                    "heat map '%s' has a row of %s cells for %s names",
                    title,
                    row.length,
                    x.size());
        }
    }

    /** Least and greatest of the finite cells. */
    Range range() {
        return Range.of(Arrays.stream(z).flatMapToDouble(Arrays::stream));
    }

    @Override
    public String description() {
        return String.format(
                Locale.ROOT,
                "Heat map, %s by %s and %s: %d rows (%s to %s), %d columns (%s to %s), values from %.4g to %.4g.",
                zTitle,
                yTitle,
                xTitle,
                y.size(),
                y.get(0),
                y.get(y.size() - 1),
                x.size(),
                x.get(0),
                x.get(x.size() - 1),
                range().low(),
                range().high());
    }

    @Override
    public String svg() {
        return new Drawing().svg();
    }

    private final class Drawing {

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

        private static final double LEAST_HEIGHT = 90;
        /** Colors in the bar beside it. */
        private static final int STEPS = 25;
        /** Different colors drawn; the eye does not tell more apart. */
        private static final int SHADES = 100;
        /** On cells that are at least so light, text is black. */
        private static final double LIGHT = 0.5;

        private final double[][] cells;
        /** Columns of the chart in a column of {@link #cells}. */
        private final int merged;

        private final Range range;
        private final Frame frame;
        private final double width;
        private final double height;

        Drawing() {
            int most = Math.max(1, MOST_CELLS / y.size());
            this.merged = (x.size() + most - 1) / most;
            this.cells = Arrays.stream(z).map(this::merge).toArray(double[][]::new);
            this.range = range();
            double left = (yTitle.isEmpty() ? 16 : 34) + Math.min(MOST_LABEL, Labels.widest(y.stream()));
            this.width = Math.min(MOST_WIDTH, (Frame.WIDTH - BAR - left) / cells[0].length);
            double enough = (Labels.width(yTitle, Frame.FONT) + 8) / cells.length;
            this.height = Math.min(Math.max(26, enough), MOST_HEIGHT / cells.length);
            double right = left + width * cells[0].length;
            this.frame = new Frame(HeatMap.this, List.of(), left, right, height * cells.length, LEAST_HEIGHT);
        }

        /** Means of {@code merged} columns each, without the cells that are not finite. */
        private double[] merge(double[] row) {
            return IntStream.iterate(0, from -> from < row.length, from -> from + merged)
                    .mapToDouble(from -> Arrays.stream(row, from, Math.min(row.length, from + merged))
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
            if (width >= 16 + 7 * digits && height >= 16) {
                numbers();
            }
            framed.ifPresent(this::frame);
            hints();
            rows();
            columns();
            colorBar();
            frame.xTitle(xTitle);
            frame.yTitle(yTitle);
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
                    List<String> text = hint(row, column * merged, Math.min(x.size(), end * merged));
                    frame.hint(x(column), y(row), (end - column) * width, height, text);
                }
            }
            frame.svg.close();
        }

        /**
         * Such as "0·3, step 40: 0.2513", or of several columns "0·3, step 40 to 70: 0.2513 to 0.311"; empty if no cell
         * is finite.
         */
        private List<String> hint(int row, int from, int to) {
            DoubleSummaryStatistics finite =
                    Arrays.stream(z[row], from, to).filter(Double::isFinite).summaryStatistics();
            if (finite.getCount() == 0) {
                return List.of();
            }
            String columns = x.get(from) + (to - from > 1 ? " to " + x.get(to - 1) : "");
            String place = y.get(row) + ", " + xTitle + " " + columns;
            String values = finite.getCount() == 1
                    ? String.format(Locale.ROOT, "%.4g", finite.getMin())
                    : String.format(Locale.ROOT, "%.4g to %.4g", finite.getMin(), finite.getMax());
            return List.of(place + ": " + values);
        }

        private void numbers() {
            String format = "%." + digits + "f";
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

        /** Black on white can be seen on every color. */
        private void frame(Cell cell) {
            frame(cell, "#fff", 4);
            frame(cell, "#000", 1.5);
        }

        private void frame(Cell cell, String color, double stroke) {
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
                String label = Labels.cut(y.get(row), Frame.FONT, MOST_LABEL);
                frame.label(frame.left - 6, y(row + 0.5) + 4, "end", label);
            }
        }

        private void columns() {
            double distance = (frame.right - frame.left) / x.size();
            int[] labelled = Labels.columns(x, distance);
            double[] places = IntStream.of(labelled)
                    .mapToDouble(column -> frame.left + (column + 0.5) * distance)
                    .toArray();
            frame.xTicks(DoubleStream.of(places));
            for (int i = 0; i < places.length; i++) {
                frame.xLabel(places[i], x.get(labelled[i]));
            }
        }

        private void colorBar() {
            double x = frame.right + 14;
            double low = Math.max(frame.bottom, frame.top + LEAST_HEIGHT);
            double length = low - frame.top - 16;
            frame.label(frame.right + BAR - 6, frame.top - 2, "end", zTitle);
            for (int i = 0; i < STEPS; i++) {
                // Each overlaps the one below, so that no gap shines through.
                double y = low - (i + 1) * length / STEPS;
                double height = length / STEPS + 0.5;
                String color = Palette.cividis(i / (STEPS - 1.0));
                frame.svg.leaf("rect", "x y width height fill", x, y, 14, height, color);
            }
            Axis values = new Axis(range, low, frame.top + 16);
            Range labelled = range.high() > range.low() ? range : range.padded(0.1);
            for (Tick tick : labelled.ticks((int) Math.min(5, length / 24))) {
                frame.label(x + 18, values.at(tick.value()) + 4, "start", tick.label());
            }
        }
    }
}
