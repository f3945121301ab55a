package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoutingSnapshotTest {

    private static final RoutingSnapshot SMALL = new RoutingSnapshot(
            200,
            4,
            1,
            3,
            List.of("a\nb", "\"é\uD83D\uDE00"),
            List.of(1, 3),
            List.of(new int[] {0, 1, 2, 3, 2, 1}, new int[6]));

    /** What other programs read. */
    @Test
    void aWindowALine() {
        assertThat(SMALL.toJson()).isEqualTo("""
                        {
                          "format" : "switchlab-routing-2",
                          "step" : 200,
                          "experts" : 4,
                          "choices" : 1,
                          "digits" : 1,
                          "seq_len" : 3,
                          "text" : [
                            "a\\nb",
                            "\\"é\uD83D\uDE00"
                          ],
                          "layer_numbers" : [
                            1,
                            3
                          ],
                          "layers" : [
                            [
                              "012",
                              "321"
                            ],
                            [
                              "000",
                              "000"
                            ]
                          ]
                        }
                        """);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "36, 1", "37, 2", "1296, 2", "1297, 3"})
    void readsWhatItWrites(int experts, int digits) {
        int[] layer = {0, experts - 1, experts / 2, experts / 3};
        RoutingSnapshot written =
                new RoutingSnapshot(7, experts, 1, 2, List.of("ab", "cd"), List.of(0, 1), List.of(layer, layer));
        String json = written.toJson();
        assertThat(json).contains("\"digits\" : " + digits + ",");
        RoutingSnapshot read = RoutingSnapshot.ofJson(json, "here");
        assertThat(read).usingRecursiveComparison().isEqualTo(written);
        assertThat(read.tokens()).isEqualTo(4);
    }

    @Test
    void severalChoicesStandSideBySide() {
        RoutingSnapshot written =
                new RoutingSnapshot(7, 40, 2, 2, List.of("ab"), List.of(5), List.of(new int[] {39, 0, 1, 38}));
        String json = written.toJson();
        assertThat(json).contains("\"13000112\"");
        assertThat(RoutingSnapshot.ofJson(json, "here"))
                .usingRecursiveComparison()
                .isEqualTo(written);
    }

    @Test
    void everyLayerHasANumber() {
        assertRefused(SMALL.toJson().replaceFirst("1,\\s+3\\s", "1"), "there are 1 layer_numbers for 2 layers");
    }

    /** As runs of earlier versions kept it. */
    @Test
    void itsPathHasItsStep() {
        assertThat(RoutingSnapshot.path(200)).isEqualTo("routing/step-000200.json");
        assertThat(RoutingSnapshot.step("routing/step-000200.json")).hasValue(200);
        assertThat(RoutingSnapshot.step(RoutingSnapshot.path(62_848_000))).hasValue(62_848_000);
        assertThat(RoutingSnapshot.step("samples/step-000200.txt")).isEmpty();
        assertThat(RoutingSnapshot.step("routing/step-000200.json.part")).isEmpty();
    }

    /** Each pair replaces a piece of a good file. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"012\" | \"01\" | a window of a layer has 2 digits, allowed: 3",
                "\"012\" | \"014\" | there is an expert 4, allowed: 0 to 3",
                "\"012\" | \"01?\" | '?' is no expert, allowed: digits 0 to 9 and a to z",
                "\"012\", | '' | a layer has 3 experts, the text 2 windows of 3",
                "\"012\" | null | null",
                "\"step\" : 200 | \"step\" : -1 | step is -1, allowed: whole numbers from 0",
                "\"step\" : 200, | '' | step",
                "\"experts\" : 4 | \"experts\" : 40 | experts is 40 and digits is 1",
                "\"experts\" : 4 | \"experts\" : 0 | experts is 0",
                "\"seq_len\" : 3 | \"seq_len\" : 0 | seq_len is 0, allowed: whole numbers from 1",
                "\"seq_len\" : 3 | \"seq_len\" : 2000000000 | a window of a layer has 3 digits, allowed: 2000000000",
                "\"digits\" | \"digit\" | digit",
                "routing-2 | routing-3 | its format is 'switchlab-routing-3', allowed: 'switchlab-routing-2'",
                "\"choices\" : 1 | \"choices\" : 5 | a window of a layer has 3 digits, allowed: 15",
                "\"choices\" : 1 | \"choices\" : 0 | a window of a layer has 3 digits, allowed: 0",
            })
    void aDamagedOneIsToldInOneLine(String piece, String other, String reason) {
        String json = SMALL.toJson();
        assertThat(json).contains(piece);
        assertRefused(json.replaceFirst(java.util.regex.Pattern.quote(piece), other), reason);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 30, 100, 200})
    void soIsOneThatIsCutShort(int length) {
        assertRefused(SMALL.toJson().substring(0, length), "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "7", "null", "{}", "<html>\n</html>"})
    void soIsSomethingElse(String text) {
        assertRefused(text, "");
    }

    @Test
    void nothingMayFollow() {
        assertRefused(SMALL.toJson() + "{}", "");
    }

    private static void assertRefused(String json, String reason) {
        assertThatThrownBy(() -> RoutingSnapshot.ofJson(json, "run 12, artifact routing/step-000200.json"))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .startsWith("run 12, artifact routing/step-000200.json: not the routing of a run: ")
                .contains(reason)
                .doesNotContain("\n");
    }
}
