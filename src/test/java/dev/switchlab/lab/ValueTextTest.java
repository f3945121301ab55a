package dev.switchlab.lab;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.IntColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** How tensors and tables print. */
class ValueTextTest {

    @AutoClose
    private final NDManager manager = NDManager.newBaseManager();

    @Test
    void aSmallTensorShowsWhole() {
        assertThat(ValueText.tensor(manager.create(new int[] {1, -2, 3, 4}, new Shape(2, 2))))
                .isEqualTo("int32 (2, 2) on cpu: mean 1.5000, min -2, max 4\n[[1, -2],\n [3, 4]]");
        assertThat(ValueText.tensor(manager.create(2.5f))).isEqualTo("float32 () on cpu\n2.5000");
        assertThat(ValueText.tensor(manager.create(new boolean[] {true, false})))
                .startsWith("boolean (2) on cpu");
        assertThat(ValueText.tensor(manager.ones(new Shape(2)).toType(DataType.FLOAT16, true)))
                .isEqualTo("float16 (2) on cpu: mean 1.0000, min 1.0000, max 1.0000\n[1.0000, 1.0000]");
        assertThat(ValueText.tensor(manager.zeros(new Shape(0, 3)))).isEqualTo("float32 (0, 3) on cpu");
    }

    @Test
    void aLargeTensorShowsItsEdges() {
        String text = ValueText.tensor(manager.arange(1000f).reshape(100, 10));
        assertThat(text)
                .startsWith("float32 (100, 10) on cpu: mean 499.5000, min 0, max 999.0000\n")
                .contains("[0, 1.0000, 2.0000, ..., 7.0000, 8.0000, 9.0000],")
                .endsWith("[990.0000, 991.0000, 992.0000, ..., 997.0000, 998.0000, 999.0000]]");
        assertThat(text.lines()).hasSize(8);
    }

    @Test
    void nanIsCountedAndLeftOutOfTheStatistics() {
        assertThat(ValueText.line(manager.create(new float[] {1, Float.NaN, 3})))
                .isEqualTo("float32 (3) on cpu: mean 2.0000, min 1.0000, max 3.0000; 1 of 3 are NaN or infinite");
    }

    @Test
    void parametersAndClosedTensorsShow() {
        NDArray parameter = manager.ones(new Shape(2));
        parameter.setRequiresGradient(true);
        assertThat(ValueText.tensor(parameter)).startsWith("float32 (2) on cpu: mean 1.0000");
        parameter.close();
        assertThat(ValueText.tensor(parameter)).isEqualTo("a closed tensor");
    }

    @Test
    void aWideTableIsCutWithANote() {
        Table table = Table.create("wide");
        for (int i = 0; i < 30; i++) {
            table.addColumns(StringColumn.create("column-" + i, "x"));
        }
        String text = ValueText.table(table);
        assertThat(text).contains("column-9").doesNotContain("column-14").contains("more columns; .selectColumns(...)");
        assertThat(text.lines().mapToInt(String::length).max().orElseThrow()).isLessThanOrEqualTo(120);
    }

    @Test
    void aLongTableIsCutWithANote() {
        Table table = Table.create("long", IntColumn.indexColumn("step", 41, 1));
        assertThat(ValueText.table(table))
                .contains("\n  40\n... 41 rows in all")
                .doesNotContain("\n  41\n");
        assertThat(ValueText.markdown(table)).contains("| 40 |\n\n... 41 rows in all");
    }

    @Test
    void wideHasAColumnForEachKey() {
        Table shares = Table.create(
                "shares",
                IntColumn.create("layer", 0, 0, 1),
                IntColumn.create("expert", 10, 2, 2),
                DoubleColumn.create("share", 0.25, 0.75, 1));
        assertThat(ValueText.table(Tables.wide(shares, "expert", "share"))).isEqualTo("""

                layer  expert 10  expert 2
                    0     0.2500    0.7500
                    1                    1""");
        Table points = Table.create(
                "points",
                IntColumn.create("step", 1, 2, 1),
                StringColumn.create("metric", "loss", "loss", "accuracy"),
                DoubleColumn.create("value", 3, 2, 0.5));
        assertThat(Tables.wide(points, "metric", "value").columnNames()).containsExactly("step", "loss", "accuracy");
    }
}
