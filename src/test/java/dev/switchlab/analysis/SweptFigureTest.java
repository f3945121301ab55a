package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.analysis.chart.Scale;
import dev.switchlab.page.HtmlPage;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SweptFigureTest {

    @ParameterizedTest
    @CsvSource({
        "1 2 4 8, LOGARITHMIC",
        "0.0001 0.001 0.01, LOGARITHMIC",
        "1.0E-4 0.001 0.01, LOGARITHMIC",
        "1 3 10 30, LOGARITHMIC",
        "2 4 6 8, LINEAR",
        "100 110 121, LINEAR",
        "0 1 2, LINEAR",
        "2 4, LINEAR",
        "-1 1 2, LINEAR",
        "0 0.001 0.01, CATEGORIES",
        "0 1 2 4, CATEGORIES",
        "adam adamw, CATEGORIES",
    })
    void theAxisFollowsFromTheValues(String values, Scale scale) {
        assertThat(SweptFigure.scale(Arrays.asList(values.split(" ", -1)))).isEqualTo(scale);
    }

    private static Map<String, String> figures(String... settings) {
        Fakes fakes = new Fakes();
        for (String setting : settings) {
            String id = "r" + fakes.runs().size();
            fakes.run(id, "x", setting.split(" ", -1))
                    .metric(id, "final/cross_entropy", 2 + 0.01 * fakes.runs().size());
        }
        HtmlPage page = new HtmlPage("page");
        new SweptFigure(Comparison.of(fakes, List.of("x"), "")).write(page);
        return page.pictures();
    }

    @Test
    void oneParameterGivesIntervalsInTheOrderOfItsValues() {
        assertThat(figures("n=16", "n=2", "n=4").get("score"))
                .contains("Validation loss by n</title>", "2 2.020; 4 2.030; 16 2.010");
    }

    @Test
    void twoGiveAHeatMapWithTheLeastFramed() {
        assertThat(figures("n=2 z=0.0", "n=2 z=0.1", "n=4 z=0.0").get("score"))
                .contains("Validation loss by n and z</title>", "class=\"frame\"", ">2.010<", ">2.030<");
    }

    @Test
    void moreStandSideBySide() {
        assertThat(figures("a=1 b=0 c=0", "a=0 b=1 c=0", "a=0 b=0 c=1", "a=0 b=0 c=0")
                        .get("score"))
                .contains("Validation loss by setting</title>", "A 2.010; B 2.020; C 2.030; D 2.040");
    }
}
