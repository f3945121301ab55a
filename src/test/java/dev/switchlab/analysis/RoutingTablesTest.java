package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.nn.StateDict;
import dev.switchlab.page.TextTable;
import dev.switchlab.train.RoutingTrace;
import dev.switchlab.train.RoutingTrace.Layer;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.Table;

/** Eight tokens, two experts, two layers, by hand. */
class RoutingTablesTest {

    private static final int[] TEXT = "ab\nCDe. ".codePoints().toArray();
    private static final float[] SURE = {1, 1, 1, 1, 1, 1, 1, 1};

    /** The first layer sends letters to 0 and the rest to 1, dropping the last; the second sends everything to 1. */
    private final RoutingTrace trace = new RoutingTrace(
            TEXT,
            2,
            1,
            List.of(
                    new Layer(
                            0,
                            new int[] {0, 0, 1, 0, 0, 0, 1, 1},
                            new float[] {.5f, .5f, .5f, .5f, 1, 1, 1, 1},
                            new double[] {.6, .6, 0, 0, 0, 0, 0, 0},
                            new boolean[] {false, false, false, false, false, false, false, true},
                            14),
                    new Layer(1, new int[] {1, 1, 1, 1, 1, 1, 1, 1}, SURE, new double[8], new boolean[8], 16)));

    private final RoutingTables tables = new RoutingTables(trace);

    private static String text(Table table) {
        return TextTable.of(table).text();
    }

    @Test
    void layersAreSummedUp() {
        assertThat(text(tables.layers())).isEqualTo("""
                layer  router_entropy  confidence  dropped  utilization  information
                    0          0.1500      0.7500   0.1250       0.5000       0.3471
                    1               0           1        0       0.5000            0""");
    }

    @Test
    void expertsHaveLoadAndCharacters() {
        assertThat(text(tables.experts())).isEqualTo("""
                layer  expert    load  dropped  characters
                    0       0  0.6250        0  C D a b e
                    0       1  0.3750   0.1250  ⏎ ␣ .
                    1       0       0        0
                    1       1       1        0  ⏎ ␣ . C D a b e""");
    }

    @Test
    void specializationIsTheShareOfEachClass() {
        Table shares = tables.specialization();
        assertThat(text(shares.first(shares.rowCount() / 2))).isEqualTo("""
                layer  class        expert  tokens  share
                    0  line break        0       0      0
                    0  line break        1       1      1
                    0  line start        0       2      1
                    0  line start        1       0      0
                    0  capital           0       1      1
                    0  capital           1       0      0
                    0  vowel             0       1      1
                    0  vowel             1       0      0
                    0  consonant         0       1      1
                    0  consonant         1       0      0
                    0  space             0       0      0
                    0  space             1       1      1
                    0  punctuation       0       0      0
                    0  punctuation       1       1      1""");
    }

    @Test
    void coactivationIsTheShareOfTheNextLayer() {
        assertThat(text(tables.coactivation())).isEqualTo("""
                layer  expert  next_expert  share
                    0       0            0      0
                    0       0            1      1
                    0       1            0      0
                    0       1            1      1""");
    }

    @Test
    void tokensAreOneRowATokenAndLayer() {
        Table tokens = tables.tokens();
        assertThat(tokens.rowCount()).isEqualTo(16);
        assertThat(text(tokens.first(8))).isEqualTo("""
                token  character  layer  expert  probability  dropped
                    0  a              0       0       0.5000  false
                    1  b              0       0       0.5000  false
                    2  ⏎              0       1       0.5000  false
                    3  C              0       0       0.5000  false
                    4  D              0       0            1  false
                    5  e              0       0            1  false
                    6  .              0       1            1  false
                    7  ␣              0       1            1  true""");
    }

    @Test
    void informationIsOneForAPerfectSplitAndZeroForNone() {
        assertThat(RoutingTables.information(List.of(new int[] {4, 0}, new int[] {0, 4})))
                .isCloseTo(1, within(1e-12));
        assertThat(RoutingTables.information(List.of(new int[] {2, 2}, new int[] {3, 3})))
                .isCloseTo(0, within(1e-12));
        assertThat(RoutingTables.information(List.of(new int[] {2, 2}))).isEqualTo(0);
    }

    @Test
    void classesOfCharacters() {
        int[] text = "A\nbCéy7,\t".codePoints().toArray();
        assertThat(IntStream.range(0, text.length).mapToObj(i -> CharacterClass.of(text, i)))
                .containsExactly(
                        CharacterClass.LINE_START,
                        CharacterClass.LINE_BREAK,
                        CharacterClass.LINE_START,
                        CharacterClass.CAPITAL,
                        CharacterClass.VOWEL,
                        CharacterClass.VOWEL,
                        CharacterClass.DIGIT,
                        CharacterClass.PUNCTUATION,
                        CharacterClass.SPACE);
    }

    @Test
    void aLayerOfAnotherLengthIsRefused() {
        Layer layer = new Layer(0, new int[1], new float[1], new double[1], new boolean[1], 1);
        assertThatThrownBy(() -> new RoutingTrace(TEXT, 2, 1, List.of(layer))).hasMessageContaining("8 tokens");
    }

    @Test
    void similarityIsTheCosineOverAllWeightsOfAnExpert() {
        String experts = "transformer.layers.0.feed_forward.experts.";
        Table cosine = ExpertSimilarity.of(Map.of(
                experts + "0.layer1.weight",
                weight(3, 0),
                experts + "0.layer1.bias",
                weight(4),
                experts + "1.layer1.weight",
                weight(0, 5),
                experts + "1.layer1.bias",
                weight(0),
                experts + "2.layer1.weight",
                weight(-3, 0),
                experts + "2.layer1.bias",
                weight(-4),
                "generator.weight",
                weight(1)));
        assertThat(cosine.doubleColumn("cosine").asDoubleArray()).containsExactly(1, 0, -1, 0, 1, 0, -1, 0, 1);
    }

    /** Three tokens with two experts each, in the second layer of a transformer whose first is dense. */
    @Test
    void severalChoicesPerToken() {
        RoutingTrace two = new RoutingTrace(
                "ab ".codePoints().toArray(),
                3,
                2,
                List.of(new Layer(
                        1,
                        new int[] {0, 1, 0, 2, 2, 1},
                        new float[] {.5f, .25f, .75f, .125f, .5f, .5f},
                        new double[3],
                        new boolean[] {false, true, false, false, false, false},
                        10)));
        RoutingTables own = new RoutingTables(two);
        assertThat(text(own.tokens())).isEqualTo("""
                token  character  layer  choice  expert  probability  dropped
                    0  a              1       0       0       0.5000  false
                    0  a              1       1       1       0.2500  true
                    1  b              1       0       0       0.7500  false
                    1  b              1       1       2       0.1250  false
                    2  ␣              1       0       2       0.5000  false
                    2  ␣              1       1       1       0.5000  false""");
        // The space sends half of its choices to expert 1 and half to expert 2.
        assertThat(text(own.specialization())).isEqualTo("""
                layer  class       expert  tokens   share
                    1  line start       0       1  0.5000
                    1  line start       1       1  0.5000
                    1  line start       2       0       0
                    1  consonant        0       1  0.5000
                    1  consonant        1       0       0
                    1  consonant        2       1  0.5000
                    1  space            0       0       0
                    1  space            1       1  0.5000
                    1  space            2       1  0.5000""");
        assertThat(text(own.layers())).isEqualTo("""
                layer  router_entropy  confidence  dropped  utilization  information
                    1               0      0.5833   0.1667       0.5000       0.3691""");
        assertThat(text(own.experts())).isEqualTo("""
                layer  expert    load  dropped  characters
                    1       0  0.3333        0  a b
                    1       1  0.3333   0.1667  ␣ a
                    1       2  0.3333        0  ␣ b""");
        assertThat(RoutingSections.coloredText(two, 0, 3))
                .contains("<i class=\"e0\" title=\"0: 50 75 %\">ab</i><i class=\"e2\" title=\"2: 50 %\"> </i>");
    }

    @Test
    void coloredTextMarksExpertsAndDropped() {
        String html = RoutingSections.coloredText(trace, 0, 8);
        assertThat(html).contains("<i class=\"e0\" title=\"0: 50 50 %\">ab</i>");
        assertThat(html).contains("<i class=\"e1 d\" title=\"1, dropped: 100 %\"> </i>");
        assertThat(RoutingSections.coloredText(trace, 0, 2)).doesNotContain("C");
    }

    private static StateDict.Weight weight(float... values) {
        return new StateDict.Weight(new long[] {values.length}, values);
    }
}
