package dev.switchlab.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

class LabTableTest {

    private final LabTable shares = new LabTable(Table.create(
            "shares",
            IntColumn.create("layer", 0, 0, 1),
            IntColumn.create("expert", 0, 1, 1),
            DoubleColumn.create("share", 0.25, 0.75, 1)));

    @Test
    void wideHasAColumnForEachKey() {
        assertThat(shares.wide("expert", "share")).hasToString("""

                layer  expert 0  expert 1
                    0    0.2500    0.7500
                    1                   1""");
    }

    @Test
    void wideByNameKeepsTheNames() {
        LabTable points = new LabTable(Table.create(
                "points",
                IntColumn.create("step", 1, 2, 1),
                StringColumn.create("metric", "loss", "loss", "accuracy"),
                DoubleColumn.create("value", 3, 2, 0.5)));
        assertThat(points.wide("metric", "value").data().columnNames()).containsExactly("step", "loss", "accuracy");
    }

    @Test
    void wideWithNothingLeftIsOneRow() {
        assertThat(shares.where("layer", 0)
                        .select("expert", "share")
                        .wide("expert", "share")
                        .toString())
                .isEqualTo("\nexpert 0  expert 1\n  0.2500    0.7500");
    }

    @Test
    void whereTakesRowsByValue() {
        assertThat(shares.where("layer", 1).data().rowCount()).isEqualTo(1);
        assertThat(shares.where("layer", 7).data().rowCount()).isZero();
    }

    @Test
    void anUnknownColumnIsSaid() {
        assertThatThrownBy(() -> shares.wide("exprt", "share"))
                .isInstanceOf(LabException.class)
                .hasMessage("the table has no column 'exprt', allowed: layer, expert, share");
        assertThatThrownBy(() -> shares.where("loss", 1)).isInstanceOf(LabException.class);
    }

    @Test
    void aWideTableIsCutAndSaysSo() {
        Table table = Table.create("wide");
        for (int i = 0; i < 30; i++) {
            table.addColumns(StringColumn.create("column-" + i, "x"));
        }
        String text = new LabTable(table).toString();
        assertThat(text).contains("column-9").doesNotContain("column-14").contains("more columns; .select(...)");
        assertThat(text.lines().mapToInt(String::length).max().orElseThrow()).isLessThanOrEqualTo(120);
    }
}
