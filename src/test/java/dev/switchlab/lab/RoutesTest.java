package dev.switchlab.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.train.RoutingTrace;
import dev.switchlab.train.RoutingTrace.Layer;
import java.util.List;
import org.junit.jupiter.api.Test;
import tech.tablesaw.api.Table;

/** How routes print, and what they say of characters, with one choice and several, in all layers and some. */
class RoutesTest {

    private static final int[] TEXT = "a b\n".codePoints().toArray();

    private static Layer layer(int number, int[] experts, int... dropped) {
        boolean[] isDropped = new boolean[experts.length];
        for (int pair : dropped) {
            isDropped[pair] = true;
        }
        return new Layer(number, experts, new float[experts.length], new double[TEXT.length], isDropped, 100);
    }

    /** Layers 1 and 3 of four have experts; token 2 loses its second choice in layer 1. */
    private static Routes twoChoices() {
        return new Routes(new RoutingTrace(
                TEXT, 12, 2, List.of(layer(1, new int[] {0, 11, 1, 0, 10, 2, 0, 1}, 5), layer(3, new int[] {
                    3, 4, 3, 4, 3, 4, 5, 3
                }))));
    }

    @Test
    void oneChoiceIsOneLinePerLayer() {
        Routes routes = new Routes(new RoutingTrace(
                TEXT, 3, 1, List.of(layer(0, new int[] {0, 1, 2, 0}, 3), layer(1, new int[4]))));
        assertThat(routes).hasToString("""

                         a b⏎
                layer 0  012·
                layer 1  0000
                · a dropped token""");
    }

    @Test
    void severalChoicesAreALineEach() {
        assertThat(twoChoices()).hasToString("""

                         a b⏎
                layer 1  01a0
                   2nd   b0·1
                layer 3  3335
                   2nd   4443
                · a dropped choice""");
    }

    @Test
    void layersGoByTheirNumber() {
        Routes routes = twoChoices();
        assertThat(routes.expertsInUse(1)).isEqualTo(5);
        assertThatThrownBy(() -> routes.expertsInUse(0))
                .isInstanceOf(LabException.class)
                .hasMessage("layer 0 has no experts, allowed: 1, 3");
    }

    @Test
    void tablesCountPairsAndTokens() {
        Routes routes = twoChoices();
        assertThat(routes.tokens().columnNames()).contains("choice");
        Table first = routes.experts().where(t -> t.intColumn("layer").isEqualTo(1));
        assertThat(first.doubleColumn("load").sum()).isEqualTo(1);
        Table classes = routes.specialization().where(t -> t.intColumn("layer").isEqualTo(3));
        assertThat(classes.intColumn("tokens").sum()).isEqualTo(TEXT.length);
        assertThat(routes.coactivation().intColumn("layer").asSet()).containsExactly(1);
    }
}
