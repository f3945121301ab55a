package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import tech.tablesaw.api.Table;

class RunTablesTest {

    private final Fakes fakes = new Fakes()
            .run("a", "x", "seed=1", "model.n_experts=2")
            .metric("a", "train/loss", 3, 2)
            .metric("a", "layer0/router_entropy", 0.6, 0.5)
            .metric("a", "layer0/load/expert1", 0.25, 0.4)
            .metric("a", "layer0/load/expert0", 0.75, 0.6)
            .metric("a", "layer10/load/expert0", 1)
            .run("b", "x", "seed=2")
            .metric("b", "train/loss", 1);

    @Test
    void historiesHoldEveryPointOfTheWantedMetrics() {
        Table histories = new RunTables(fakes).histories(fakes.runs(), metric -> metric.equals("train/loss"));
        assertThat(histories.stringColumn("run").asList()).containsExactly("a", "a", "b");
        assertThat(histories.longColumn("step").asLongArray()).containsExactly(10, 20, 10);
        assertThat(histories.doubleColumn("value").asDoubleArray()).containsExactly(3, 2, 1);
    }

    @Test
    void expertsAreSortedByNumberNotByText() {
        Table experts = new RunTables(fakes).experts(fakes.find("a"));
        assertThat(experts.intColumn("layer").asObjectArray()).containsExactly(0, 0, 0, 0, 10);
        assertThat(experts.intColumn("expert").asObjectArray()).containsExactly(0, 0, 1, 1, 0);
        assertThat(experts.longColumn("step").asLongArray()).containsExactly(10, 20, 10, 20, 10);
        assertThat(experts.doubleColumn("load").asDoubleArray()).containsExactly(0.75, 0.6, 0.25, 0.4, 1);
        assertThat(experts.doubleColumn("dropped").countMissing()).isEqualTo(5);
    }

    @Test
    void layersHoldWhatTheRouterDid() {
        Table layers = new RunTables(fakes).layers(fakes.find("a"));
        assertThat(layers.doubleColumn("router_entropy").asDoubleArray()).containsExactly(0.6, 0.5);
        assertThat(new RunTables(fakes).layers(fakes.find("b")).isEmpty()).isTrue();
    }
}
