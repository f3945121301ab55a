package dev.switchlab.analysis.chart;

import java.util.ArrayList;
import java.util.List;
import tech.tablesaw.plotly.components.Axis;
import tech.tablesaw.plotly.components.Config;
import tech.tablesaw.plotly.components.Figure;
import tech.tablesaw.plotly.components.Layout;
import tech.tablesaw.plotly.components.Line;
import tech.tablesaw.plotly.components.Margin;
import tech.tablesaw.plotly.components.Marker;
import tech.tablesaw.plotly.components.TickSettings;
import tech.tablesaw.plotly.traces.BarTrace;
import tech.tablesaw.plotly.traces.HeatmapTrace;
import tech.tablesaw.plotly.traces.ScatterTrace;
import tech.tablesaw.plotly.traces.Trace;

/** Charts as Plotly figures of Tablesaw, all in one look. Their titles stay out: a page has captions. */
public final class PlotlyFigures implements Chart.Renderer<Figure> {

    /** Columns that can all be named; of more, such as training steps, a few are. */
    private static final int MOST_LABELS = 64;

    private static final int FEW_LABELS = 8;

    private static final int HEIGHT = 360;
    private static final Line.Dash[] DASHES = {
        Line.Dash.SOLID, Line.Dash.DASH, Line.Dash.DOT, Line.Dash.DASH_DOT, Line.Dash.LONG_DASH, Line.Dash.LONG_DASH_DOT
    };

    private PlotlyFigures() {}

    /** A figure of {@code chart}. */
    public static Figure of(Chart chart) {
        return chart.draw(new PlotlyFigures());
    }

    @Override
    public Figure lines(LineChart chart) {
        List<Trace> traces = new ArrayList<>();
        for (LineChart.Line line : chart.lines()) {
            // A line of one point would be invisible.
            ScatterTrace.Mode mode = line.x().length < 20 ? ScatterTrace.Mode.LINE_AND_MARKERS : ScatterTrace.Mode.LINE;
            int index = traces.size();
            traces.add(ScatterTrace.builder(line.x(), line.y())
                    .name(line.name())
                    .mode(mode)
                    .line(Line.builder()
                            .color(Palette.color(index))
                            .dash(DASHES[index / Palette.COLORS % DASHES.length])
                            .build())
                    .marker(Marker.builder().color(Palette.color(index)).build())
                    .build());
        }
        return figure(HEIGHT, axis(chart.xTitle()).build(), axis(chart.yTitle()).build(), traces);
    }

    @Override
    public Figure bars(BarChart chart) {
        List<Trace> traces = new ArrayList<>();
        String[] categories = chart.categories().toArray(String[]::new);
        for (BarChart.Series series : chart.series()) {
            traces.add(BarTrace.builder(categories, series.values())
                    .orientation(BarTrace.Orientation.HORIZONTAL)
                    .name(series.name())
                    .showLegend(chart.series().size() > 1)
                    .marker(Marker.builder().color(Palette.color(traces.size())).build())
                    .build());
        }
        return figure(
                Math.max(200, 120 + 30 * categories.length),
                axis(chart.valueTitle()).build(),
                axis("").autoRange(Axis.AutoRange.REVERSED)
                        .type(Axis.Type.CATEGORY)
                        .build(),
                traces);
    }

    @Override
    public Figure heatMap(HeatMap chart) {
        HeatmapTrace.HeatmapBuilder trace =
                HeatmapTrace.builder(chart.x().toArray(), chart.y().toArray(), chart.z());
        trace.name(chart.zTitle());
        Axis.AxisBuilder x = axis(chart.xTitle()).type(Axis.Type.CATEGORY);
        if (chart.x().size() > MOST_LABELS) {
            x.tickSettings(TickSettings.builder()
                    .tickMode(TickSettings.TickMode.LINEAR)
                    .tick0(0)
                    .dTick(chart.x().size() / FEW_LABELS)
                    .angle(0)
                    .build());
        }
        return figure(
                Math.max(200, Math.min(1200, 120 + 22 * chart.y().size())),
                x.build(),
                axis(chart.yTitle())
                        .type(Axis.Type.CATEGORY)
                        .autoRange(Axis.AutoRange.REVERSED)
                        .build(),
                List.of(trace.build()));
    }

    private static Axis.AxisBuilder axis(String title) {
        return Axis.builder().title(title);
    }

    private static Figure figure(int height, Axis x, Axis y, List<Trace> traces) {
        Layout layout = Layout.builder()
                .autosize(true)
                .height(height)
                .barMode(Layout.BarMode.STACK)
                .margin(Margin.builder()
                        .left(70)
                        .right(10)
                        .top(40)
                        .bottom(50)
                        .autoExpand(true)
                        .build())
                .xAxis(x)
                .yAxis(y)
                .build();
        Config config = Config.builder()
                .responsive(true)
                .displayModeBar(false)
                .displayLogo(false)
                .build();
        return new Figure(layout, config, traces.toArray(Trace[]::new));
    }
}
