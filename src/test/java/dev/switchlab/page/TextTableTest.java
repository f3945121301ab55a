package dev.switchlab.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.DoubleColumn;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** One table in its three forms. */
class TextTableTest {

    private record Score(String name, double loss) {}

    private static final TextTable<Score> SCORES = new TextTable<>(
                    List.of(new Score("dense", 2.5), new Score("n_experts|<8>", 10.25)))
            .left("setting", Score::name)
            .right("loss", score -> String.format(Locale.ROOT, "%.2f", score.loss()))
            .leftMarkdown("", score -> score.loss() < 3 ? "**best** | 1" : "");

    @Test
    void alignedText() {
        assertThat(SCORES.text()).isEqualTo("""
                setting         loss
                dense           2.50  **best** | 1
                n_experts|<8>  10.25""");
        assertThat(SCORES.width()).isEqualTo(34);
    }

    @Test
    void onlyTheColumnsThatFit() {
        assertThat(SCORES.within(34).columns()).isEqualTo(3);
        assertThat(SCORES.within(33).lines().get(2)).isEqualTo("n_experts|<8>  10.25");
        assertThat(SCORES.within(1).lines().get(0)).isEqualTo("setting");
    }

    @Test
    void aLongNameBreaksBeforeNumbersAreLeftOut() {
        TextTable<Score> table = new TextTable<>(List.of(new Score("n_experts=8 capacity_factor=1.0 seed 1", 2.5)))
                .left("name", Score::name)
                .right("loss", score -> "2.50");
        assertThat(table.within(33).text()).isEqualTo("""
                name                        loss
                n_experts=8                 2.50
                capacity_factor=1.0 seed 1""");
        assertThat(table.within(10).columns()).isEqualTo(1);
    }

    @Test
    void markdownEscapesTextButNotMarkdown() {
        assertThat(SCORES.markdown()).isEqualTo("""
                | setting | loss |  |
                | --- | ---: | --- |
                | dense | 2.50 | **best** \\| 1 |
                | n\\_experts\\|&lt;8> | 10.25 |  |""");
    }

    @Test
    void htmlEscapesAndBreaksLongNames() {
        assertThat(SCORES.html())
                .contains("<th>setting</th><th class=\"n\">loss</th>")
                .contains("<td>n_experts|&lt;8&gt;</td><td class=\"n\">10.25</td>");
        assertThat(new TextTable<>(List.of("x".repeat(30)))
                        .left("a_b", text -> text)
                        .html())
                .contains("a_<wbr>b", "<td class=\"long\">xx");
    }

    @Test
    void numbersOfTablesaw() {
        Table data = Table.create(
                StringColumn.create("text", "a\nb", "", "c"), DoubleColumn.create("value", 3, 1e-5, Double.NaN));
        assertThat(TextTable.of(data).lines())
                .containsExactly("text      value", "a↵b           3", "      1.000e-05", "c");
        assertThat(TextTable.of(data, HtmlPage::number, "–").lines().get(3)).isEqualTo("c          –");
    }
}
