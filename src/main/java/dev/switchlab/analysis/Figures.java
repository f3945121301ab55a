package dev.switchlab.analysis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tech.tablesaw.plotly.components.Axis;
import tech.tablesaw.plotly.components.Config;
import tech.tablesaw.plotly.components.Figure;
import tech.tablesaw.plotly.components.Layout;
import tech.tablesaw.plotly.components.Line;
import tech.tablesaw.plotly.components.Margin;
import tech.tablesaw.plotly.components.Marker;
import tech.tablesaw.plotly.traces.BarTrace;
import tech.tablesaw.plotly.traces.HeatmapTrace;
import tech.tablesaw.plotly.traces.ScatterTrace;
import tech.tablesaw.plotly.traces.Trace;

/** The few kinds of figures of a report, all in one look. */
final class Figures {

    private static final int HEIGHT = 360;

    private Figures() {}

    /** Points of a line. */
    record Points(double[] x, double[] y) {}

    /** Lines by name. */
    static Figure lines(String xTitle, String yTitle, Map<String, Points> lines) {
        List<Trace> traces = new ArrayList<>();
        lines.forEach((name, points) -> {
            // A line of one point would be invisible.
            ScatterTrace.Mode mode =
                    points.x().length < 20 ? ScatterTrace.Mode.LINE_AND_MARKERS : ScatterTrace.Mode.LINE;
            traces.add(ScatterTrace.builder(points.x(), points.y())
                    .name(name)
                    .mode(mode)
                    .line(Line.builder().color(Palette.color(traces.size())).build())
                    .marker(Marker.builder().color(Palette.color(traces.size())).build())
                    .build());
        });
        return figure(xTitle, yTitle, HEIGHT, Layout.BarMode.GROUP, traces);
    }

    /** Bars side by side or stacked; one colour an entry of {@code bars}. */
    static Figure bars(String xTitle, String yTitle, boolean stacked, String[] x, Map<String, double[]> bars) {
        List<Trace> traces = new ArrayList<>();
        bars.forEach((name, values) -> traces.add(BarTrace.builder(x, values)
                .name(name)
                .showLegend(true)
                .marker(Marker.builder().color(Palette.color(traces.size())).build())
                .build()));
        return figure(xTitle, yTitle, HEIGHT, stacked ? Layout.BarMode.STACK : Layout.BarMode.GROUP, traces);
    }

    /**
     * A heat map.
     *
     * @param z [row of y][column of x]
     */
    static Figure heatMap(String xTitle, String yTitle, Object[] x, Object[] y, double[][] z) {
        int height = Math.max(HEIGHT, 140 + 18 * y.length);
        return figure(
                xTitle,
                yTitle,
                height,
                Layout.BarMode.GROUP,
                List.of(HeatmapTrace.builder(x, y, z).build()));
    }

    private static Figure figure(String xTitle, String yTitle, int height, Layout.BarMode mode, List<Trace> traces) {
        Layout layout = Layout.builder()
                .autosize(true)
                .height(height)
                .barMode(mode)
                .margin(Margin.builder()
                        .left(70)
                        .right(10)
                        .top(40)
                        .bottom(50)
                        .autoExpand(true)
                        .build())
                .xAxis(Axis.builder().title(xTitle).build())
                .yAxis(Axis.builder().title(yTitle).build())
                .build();
        Config config = Config.builder()
                .responsive(true)
                .displayModeBar(false)
                .displayLogo(false)
                .build();
        return new Figure(layout, config, traces.toArray(Trace[]::new));
    }
}
