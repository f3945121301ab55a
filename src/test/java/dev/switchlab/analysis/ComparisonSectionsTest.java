package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.analysis.chart.LineChart;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;

class ComparisonSectionsTest {

    private static NavigableMap<Long, Double> history(int points, int every, LongToDoubleFunction value) {
        NavigableMap<Long, Double> history = new TreeMap<>();
        for (long step = every; step <= (long) points * every; step += every) {
            history.put(step, value.applyAsDouble(step));
        }
        return history;
    }

    @Test
    void meanLeastAndGreatestOfTheRuns() {
        LineChart.Line line = ComparisonSections.line(
                "A",
                List.of(
                        history(3, 10, step -> step),
                        history(3, 10, step -> 2 * step),
                        history(3, 10, step -> 6 * step)),
                1);
        assertThat(line.x()).containsExactly(10, 20, 30);
        assertThat(line.y()).containsExactly(30, 60, 90);
        assertThat(line.low()).containsExactly(10, 20, 30);
        assertThat(line.high()).containsExactly(60, 120, 180);
    }

    /** Else the line would jump where a run ends. */
    @Test
    void asFarAsAllRunsGo() {
        LineChart.Line line = ComparisonSections.line(
                "A", List.of(history(5, 10, step -> 1), history(2, 10, step -> 3), new TreeMap<>()), 1);
        assertThat(line.x()).containsExactly(10, 20);
        assertThat(line.y()).containsExactly(2, 2);
    }

    @Test
    void aSingleRunHasNoBand() {
        assertThat(ComparisonSections.line("A", List.of(history(2, 10, step -> step)), 1)
                        .low())
                .isEmpty();
    }

    @Test
    void manyStepsAreAveraged() {
        List<NavigableMap<Long, Double>> histories = List.of(history(2000, 1, step -> step % 2 == 0 ? 1 : 3));
        long together = ComparisonSections.stepsPerPoint(histories);
        assertThat(together).isEqualTo(20);
        LineChart.Line line = ComparisonSections.line("A", histories, together);
        assertThat(line.x()).hasSize(100).startsWith(10.5, 30.5);
        assertThat(line.y()).containsOnly(2);
        assertThat(ComparisonSections.stepsPerPoint(List.of(history(100, 20, step -> step))))
                .isEqualTo(1);
        assertThat(ComparisonSections.stepsPerPoint(List.of(history(101, 20, step -> step))))
                .isEqualTo(50);
    }

    /** A value that is no number makes a gap, not a wrong mean. */
    @Test
    void gapsStayGaps() {
        LineChart.Line line = ComparisonSections.line(
                "A", List.of(history(3, 1, step -> step == 2 ? Double.NaN : 1), history(3, 1, step -> 1)), 1);
        assertThat(line.y()).containsExactly(1, Double.NaN, 1);
        assertThat(line.low()[1]).isNaN();
    }
}
