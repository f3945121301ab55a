package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.page.TextTable;
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
        assertThat(TextTable.of(histories).text()).isEqualTo("""
                run  metric      step  value
                a    train/loss    10      3
                a    train/loss    20      2
                b    train/loss    10      1""");
    }

    @Test
    void expertsAreSortedByNumberNotByText() {
        Table experts = new RunTables(fakes).experts(fakes.find("a"));
        assertThat(TextTable.of(experts).text()).isEqualTo("""
                layer  expert  step    load  probability  dropped  utilization
                    0       0    10  0.7500
                    0       0    20  0.6000
                    0       1    10  0.2500
                    0       1    20  0.4000
                   10       0    10       1""");
    }

    @Test
    void layersHoldWhatTheRouterDid() {
        Table layers = new RunTables(fakes).layers(fakes.find("a"));
        assertThat(TextTable.of(layers).text()).isEqualTo("""
                layer  step  router_entropy  confidence  dropped_fraction  max_violation  dead_experts
                    0    10          0.6000
                    0    20          0.5000""");
        assertThat(new RunTables(fakes).layers(fakes.find("b")).isEmpty()).isTrue();
    }
}
