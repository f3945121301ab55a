package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import org.junit.jupiter.api.Test;

class TextRouterTest {

    private static final String TEXT = "abcab cabca\nbcabcab";
    private static final String SETTINGS = "model.n_layers=2 model.n_experts=3 model.d_model=8 model.heads=2"
            + " model.d_ff=16 train.seq_len=4 train.batch_size=2 seed=3";

    private static LanguageModel model(String settings) {
        return LanguageModel.create(
                Experiment.of(Semantics.PAPER, SETTINGS + " " + settings), CharTokenizer.of(TEXT), Device.cpu());
    }

    @Test
    void placesAreTimeMajor() {
        assertThat(TextRouter.places(10, 3, 2)).containsExactly(10, 13, 11, 14, 12, 15);
    }

    /** Nothing is dropped, so what shares a batch cannot matter: windows traced alone are routed the same. */
    @Test
    void everyTokenGetsTheDecisionOfItsOwnWindow() {
        try (LanguageModel model = model("model.drop_tokens=false")) {
            TextRouter tracer = new TextRouter(model);
            RoutingTrace whole = tracer.trace(TEXT);
            assertThat(whole.layers()).hasSize(2);
            assertThat(whole.nExperts()).isEqualTo(3);
            for (int from = 0; from < TEXT.length(); from += 4) {
                String window = TEXT.substring(from, Math.min(from + 4, TEXT.length()));
                RoutingTrace alone = tracer.trace(window);
                for (int layer = 0; layer < 2; layer++) {
                    for (int i = 0; i < window.length(); i++) {
                        RoutingTrace.Layer all = whole.layers().get(layer);
                        RoutingTrace.Layer own = alone.layers().get(layer);
                        assertThat(all.expert()[from + i]).isEqualTo(own.expert()[i]);
                        assertThat(all.probability()[from + i])
                                .isCloseTo(own.probability()[i], org.assertj.core.api.Assertions.within(1e-5f));
                        assertThat(all.probability()[from + i]).isBetween(1 / 3f, 1f);
                        assertThat(all.entropy()[from + i]).isBetween(0.0, Math.log(3) + 1e-6);
                        assertThat(all.dropped()[from + i]).isFalse();
                    }
                }
            }
        }
    }

    @Test
    void aFullExpertDropsAndTheTraceShowsIt() {
        try (LanguageModel model = model("model.eval_capacity_factor=0.75 model.eval_min_capacity=0")) {
            for (RoutingTrace.Layer layer :
                    new TextRouter(model).trace("abcabcab").layers()) {
                int[] kept = new int[3];
                int dropped = 0;
                for (int token = 0; token < 8; token++) {
                    if (layer.dropped()[token]) {
                        dropped++;
                    } else {
                        kept[layer.expert()[token]]++;
                    }
                }
                // 0.75 * 8 tokens / 3 experts: each takes 2, so that at least 2 of 8 have no place.
                assertThat(layer.capacity()).isEqualTo(6);
                assertThat(dropped).isGreaterThanOrEqualTo(2);
                assertThat(java.util.Arrays.stream(kept).max().orElseThrow()).isLessThanOrEqualTo(2);
            }
        }
    }

    @Test
    void anEmptyTextIsRefused() {
        try (LanguageModel model = model("")) {
            assertThatThrownBy(() -> new TextRouter(model).trace("")).hasMessageStartingWith("the text is empty");
        }
    }
}
