package dev.switchlab.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** What {@code plot} makes of a table. */
class PlotTest {

    private static final Table TABLE = Table.create(
            "t",
            IntColumn.create("expert", 0, 1, 2),
            IntColumn.create("step", 30, 10, 20),
            StringColumn.create("kind", "vowel", "<b>", "space"),
            DoubleColumn.create("load", 0.5, 0.25, 0.0),
            DoubleColumn.create("change", -1, 0, 1));

    @Test
    void namesHaveBars() {
        assertThat(Plot.of(TABLE, "kind", "load")).hasToString("""

                load
                vowel  ██████████████████████████████████████████████████ 0.5000
                  <b>  █████████████████████████ 0.2500
                space   0.000""");
        assertThat(Plot.of(TABLE, "expert", "load").toString()).contains("\n0  ███");
        assertThat(Plot.of(TABLE, "kind", "load").svg())
                .contains("&lt;b&gt;: 0.25")
                .doesNotContain("<b>");
    }

    @Test
    void measuresHaveALineInTheirOrder() {
        String text = Plot.of(TABLE, "step", "change").toString();
        assertThat(text.lines()).hasSize(1 + 1 + 12 + 2).anyMatch("change by step"::equals);
        assertThat(text)
                .contains("\n 1 ┤                          ⣀⠤⠔⠊⠑⠤⡀\n", "\n-1 ┤")
                .endsWith("\n    10" + " ".repeat(56) + "30");
        assertThat(Plot.of(TABLE, "step", "load").svg())
                .contains("Line chart, load by step: load from 0.2500 to 0.5000");
    }

    @Test
    void gapsAndNothing() {
        Table table = Table.create(
                "t",
                IntColumn.create("step", 1, 2, 3, 4),
                DoubleColumn.create("loss", 1, Double.NaN, Double.NaN, 1),
                DoubleColumn.create("none", Double.NaN, Double.NaN, Double.NaN, Double.NaN));
        assertThat(Plot.of(table, "step", "loss").toString()).contains("\n1 ┤⠁" + " ".repeat(58) + "⠈\n");
        assertThat(Plot.of(table, "step", "none").toString()).endsWith("\nno finite value");
    }

    @Test
    void badColumns() {
        assertThatThrownBy(() -> Plot.of(TABLE, "experts", "load"))
                .isInstanceOf(LabException.class)
                .hasMessage("the table has no column 'experts', allowed: expert, step, kind, load, change");
        assertThatThrownBy(() -> Plot.of(TABLE, "expert", "kind"))
                .hasMessage("column 'kind' holds string, not numbers");
        assertThatThrownBy(() -> Plot.of(TABLE, "expert", "change"))
                .hasMessage("row 0 of column 'change' is -1.0; bars are for numbers from 0");
    }
}
