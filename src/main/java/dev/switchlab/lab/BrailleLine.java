package dev.switchlab.lab;

import dev.switchlab.analysis.chart.LineChart;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** A line as Braille characters, each two dots wide and four high, with the ends of both axes. */
final class BrailleLine {

    private static final int COLUMNS = 60;
    private static final int ROWS = 12;
    private static final int BLANK = 0x2800;
    /** The bit of each dot of a character, [from above][from the left]. */
    private static final int[][] DOTS = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

    private final int[][] cells = new int[ROWS][COLUMNS];

    private BrailleLine() {}

    /** Lines, each after a line break; a message if no value is finite. */
    static String of(LineChart.Line line) {
        double[] finite = DoubleStream.of(line.y()).filter(Double::isFinite).toArray();
        if (finite.length == 0) {
            return "\nno finite value";
        }
        double low = DoubleStream.of(finite).min().orElseThrow();
        double high = DoubleStream.of(finite).max().orElseThrow();
        BrailleLine picture = new BrailleLine();
        picture.draw(line, low, high);
        return picture.text(label(low), label(high), label(line.x()[0]), label(line.x()[line.x().length - 1]));
    }

    private void draw(LineChart.Line line, double low, double high) {
        double first = line.x()[0];
        double width = line.x()[line.x().length - 1] - first;
        int lastX = -1;
        int lastY = -1;
        for (int i = 0; i < line.x().length; i++) {
            if (!Double.isFinite(line.y()[i])) {
                lastX = -1;
                continue;
            }
            int x = place(width > 0 ? (line.x()[i] - first) / width : 0.5, 2 * COLUMNS);
            int y = place(high > low ? (high - line.y()[i]) / (high - low) : 0.5, 4 * ROWS);
            stroke(lastX < 0 ? x : lastX, lastX < 0 ? y : lastY, x, y);
            lastX = x;
            lastY = y;
        }
    }

    private static int place(double share, int dots) {
        return (int) Math.round(share * (dots - 1));
    }

    private void stroke(int x1, int y1, int x2, int y2) {
        int length = Math.max(1, Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1)));
        for (int i = 0; i <= length; i++) {
            int x = Math.round(x1 + (float) (x2 - x1) * i / length);
            int y = Math.round(y1 + (float) (y2 - y1) * i / length);
            cells[y / 4][x / 2] |= DOTS[y % 4][x % 2];
        }
    }

    private String text(String low, String high, String left, String right) {
        int margin = Math.max(low.length(), high.length());
        StringBuilder text = new StringBuilder();
        for (int row = 0; row < ROWS; row++) {
            boolean isConstant = low.equals(high);
            String label = row == (isConstant ? ROWS / 2 : 0) ? high : row == ROWS - 1 && !isConstant ? low : "";
            StringBuilder dots = new StringBuilder();
            for (int cell : cells[row]) {
                dots.append(cell == 0 ? ' ' : (char) (BLANK + cell));
            }
            text.append('\n')
                    .append(" ".repeat(margin - label.length()))
                    .append(label)
                    .append(label.isEmpty() ? " │" : " ┤")
                    .append(dots.toString().stripTrailing());
        }
        String gap = " ".repeat(Math.max(1, COLUMNS - left.length() - right.length()));
        return text.append('\n')
                .append(" ".repeat(margin))
                .append(" └")
                .append("─".repeat(COLUMNS))
                .append('\n')
                .append(" ".repeat(margin + 2))
                .append(left)
                .append(gap)
                .append(right)
                .toString();
    }

    private static String label(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9
                ? Long.toString((long) value)
                : String.format(Locale.ROOT, "%.4g", value);
    }
}
