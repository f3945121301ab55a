package dev.switchlab.analysis.chart;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A matrix as colours. Cells that are NaN or infinite stay empty.
 *
 * @param title names the chart where it stands alone
 * @param xTitle what the columns are
 * @param yTitle what the rows are
 * @param zTitle what the colours are, with the unit
 * @param x the columns' names
 * @param y the rows' names, from above
 * @param z [row][column]
 * @param digits after the point, of the numbers in cells that have room for them
 * @param framed the cell with a frame around it
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
        if (x.isEmpty() || y.isEmpty()) {
            throw new IllegalArgumentException("chart '" + title + "' has no cell");
        }
        if (z.length != y.size()) {
            throw new IllegalArgumentException(
                    "heat map '" + title + "' has " + z.length + " rows for " + y.size() + " names");
        }
        for (double[] row : z) {
            if (row.length != x.size()) {
                throw new IllegalArgumentException(
                        "heat map '" + title + "' has a row of " + row.length + " cells for " + x.size() + " names");
            }
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
        return new HeatMapDrawing(this).svg();
    }
}
