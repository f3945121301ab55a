package dev.switchlab.lab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.analysis.RunComparison;
import java.util.List;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

class SideBySideTest {

    @Test
    void parametersGoDownAndRunsAcross() {
        Table settings = Table.create(
                "runs",
                StringColumn.create("run", "3f2a", "91bc"),
                StringColumn.create("name", "few", "many"),
                StringColumn.create("model.n_experts", "2", "8"));
        Table metrics = Table.create("metrics", StringColumn.create("metric", "valid/accuracy"));
        SideBySide comparison = new SideBySide(
                new RunComparison(List.of(), settings, metrics, Table.create("differences"), List.of("one seed")));
        assertThat(comparison).hasToString("""

                run              3f2a  91bc
                name             few   many
                model.n_experts  2     8

                metric
                valid/accuracy

                note: one seed""");
    }
}
