package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.experiment.MetricNames.RoutingMetric;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetricNamesTest {

    @Test
    void namesAreReadAsTheyAreMade() {
        for (String quantity : MetricNames.OF_EXPERT) {
            assertThat(MetricNames.routing(MetricNames.ofExpert(10, quantity, 3)))
                    .hasValue(new RoutingMetric(10, quantity, OptionalInt.of(3)));
        }
        for (String quantity : MetricNames.OF_LAYER) {
            assertThat(MetricNames.routing(MetricNames.ofLayer(0, quantity)))
                    .hasValue(new RoutingMetric(0, quantity, OptionalInt.empty()));
        }
        assertThat(MetricNames.ofExpert(0, "load", 3)).isEqualTo("layer0/load/expert3");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "train/loss",
                "layer0/load",
                "layer0/router_entropy/expert1",
                "layer0/expert1/load",
                "layer/load/expert1",
                "layer0/load/expert",
                "layer0/load/expert99999999999",
                "layer0/weight/expert1",
                "xlayer0/load/expert1"
            })
    void nothingElseIsAStatisticOfARouter(String name) {
        assertThat(MetricNames.routing(name)).isEmpty();
    }
}
