package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.nn.StateDict;
import dev.switchlab.train.RoutingTrace;
import dev.switchlab.train.RoutingTrace.Layer;
import java.util.List;
import java.util.Map;
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

    @Test
    void layersAreSummedUp() {
        Table layers = tables.layers();
        assertThat(layers.doubleColumn("router_entropy").getDouble(0)).isCloseTo(0.15, within(1e-12));
        assertThat(layers.doubleColumn("confidence").getDouble(0)).isEqualTo(0.75);
        assertThat(layers.doubleColumn("dropped").asDoubleArray()).containsExactly(0.125, 0);
        assertThat(layers.doubleColumn("utilization").asDoubleArray()).containsExactly(0.5, 0.5);
        assertThat(layers.doubleColumn("information").getDouble(1)).isCloseTo(0, within(1e-12));
    }

    @Test
    void expertsHaveLoadAndCharacters() {
        Table experts = tables.experts();
        assertThat(experts.doubleColumn("load").asDoubleArray()).containsExactly(0.625, 0.375, 0, 1);
        assertThat(experts.doubleColumn("dropped").asDoubleArray()).containsExactly(0, 0.125, 0, 0);
        assertThat(experts.stringColumn("characters").get(1)).isEqualTo("⏎ ␣ .");
        assertThat(experts.stringColumn("characters").get(2)).isEmpty();
    }

    @Test
    void specializationIsTheShareOfEachClass() {
        Table first = tables.specialization();
        first = first.where(first.intColumn("layer")
                .isEqualTo(0)
                .and(first.intColumn("expert").isEqualTo(1)));
        assertThat(first.stringColumn("class").asList())
                .containsExactly("line break", "line start", "capital", "vowel", "consonant", "space", "punctuation");
        assertThat(first.doubleColumn("share").asDoubleArray()).containsExactly(1, 0, 0, 0, 0, 1, 1);
    }

    @Test
    void coactivationIsTheShareOfTheNextLayer() {
        Table pairs = tables.coactivation();
        assertThat(pairs.intColumn("expert").asObjectArray()).containsExactly(0, 0, 1, 1);
        assertThat(pairs.doubleColumn("share").asDoubleArray()).containsExactly(0, 1, 0, 1);
    }

    @Test
    void tokensAreOneRowATokenAndLayer() {
        Table tokens = tables.tokens();
        assertThat(tokens.rowCount()).isEqualTo(16);
        assertThat(tokens.booleanColumn("dropped").countTrue()).isEqualTo(1);
        assertThat(tokens.stringColumn("character").get(2)).isEqualTo("⏎");
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
        assertThat(java.util.stream.IntStream.range(0, text.length).mapToObj(i -> CharacterClass.of(text, i)))
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
        Table tokens = own.tokens();
        assertThat(tokens.columnNames())
                .containsExactly("token", "character", "layer", "choice", "expert", "probability", "dropped");
        assertThat(tokens.intColumn("token").asList()).containsExactly(0, 0, 1, 1, 2, 2);
        assertThat(tokens.intColumn("choice").asList()).containsExactly(0, 1, 0, 1, 0, 1);
        assertThat(tokens.intColumn("layer").asList()).containsOnly(1);
        Table layers = own.layers();
        assertThat(layers.intColumn("layer").asList()).containsExactly(1);
        assertThat(layers.doubleColumn("confidence").get(0)).isCloseTo((.5 + .75 + .5) / 3, within(1e-12));
        assertThat(layers.doubleColumn("dropped").get(0)).isCloseTo(1 / 6.0, within(1e-12));
        assertThat(layers.doubleColumn("utilization").get(0)).isEqualTo(0.5);
        assertThat(own.experts().doubleColumn("load").asDoubleArray()).containsExactly(2 / 6.0, 2 / 6.0, 2 / 6.0);
        assertThat(own.experts().stringColumn("characters").asList()).containsExactly("a b", "␣ a", "␣ b");
        // The space sends half of its choices to expert 1 and half to expert 2.
        Table kinds = own.specialization();
        assertThat(kinds.where(kinds.stringColumn("class").isEqualTo("space"))
                        .doubleColumn("share")
                        .asDoubleArray())
                .containsExactly(0, .5, .5);
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
