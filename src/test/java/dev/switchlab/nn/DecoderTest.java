package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Token by token with kept keys and values, against the readable blocks over the whole sequence. */
class DecoderTest {

    private static final int V = 11;
    private static final int S = 12;
    private static final String SIZES = "model.d_model=8 model.heads=2 model.d_ff=6 model.drop_tokens=false ";

    /**
     * Of the largest logit. Sums in another order differ by some units in the last place (6e-8) per layer; the largest
     * difference seen is 1e-6.
     */
    private static final double TOLERANCE = 1e-5;

    @Property(tries = 150, seed = "12", edgeCases = EdgeCasesMode.NONE)
    void logitsAreThoseOfTheWholeSequence(@ForAll(supplier = Models.class) String settings, @ForAll boolean bias) {
        check("model.drop_tokens=false " + settings, bias, DecoderTest::compare);
    }

    @Test
    void aDenseModelHasNoRouter() {
        agrees("model.feed_forward=dense model.n_experts=1 model.gated=true", false);
    }

    /** The experts of a prompt, of single tokens, and of what comes after a new start. */
    @Test
    void routersWithoutWeightsChooseAsInAWholeSequence() {
        for (String router : List.of("hash", "random")) {
            agrees("model.router=" + router + " model.n_experts=5 model.n_layers=3", false);
            agrees(
                    "model.n_layers=4 model.moe_every=2 model.n_experts=4 model.gate_scale=2.5 model.shared_experts=1"
                            + " model.router=" + router,
                    false);
        }
    }

    @Test
    void withoutScalingEachGateIsOne() {
        agrees("model.is_scale_prob=false", false);
        agrees("model.is_scale_prob=false", true);
    }

    @Test
    void ofEqualExpertsTheFirstIsChosen() {
        for (String experts : List.of("model.n_experts=6", "model.n_experts=20 model.top_k=3")) {
            check(SIZES + experts, false, (network, model) -> {
                StateDict dict = StateDict.of(network);
                Map<String, StateDict.Weight> weights = new LinkedHashMap<>(dict.weights());
                weights.replaceAll((name, weight) -> name.contains("feed_forward.switch.")
                        ? new StateDict.Weight(weight.shape(), new float[weight.values().length])
                        : weight);
                dict.load(weights);
                compare(network, model);
            });
        }
    }

    /**
     * Room for a share of the tokens that come together: the prompt of a whole sequence loses some, one token alone
     * does not.
     */
    @Test
    void nothingIsDropped() {
        String full = SIZES.replace("drop_tokens=false", "drop_tokens=true")
                + "model.eval_capacity_factor=0.2 model.eval_min_capacity=0";
        check(full, false, (network, model) -> {
            int[] tokens = tokens();
            assertThat(difference(network, model, tokens)).isGreaterThan(1e-2);
        });
        // The same weights, where the whole sequence finds room, too.
        check(full.replace("factor=0.2", "factor=100"), false, DecoderTest::compare);
    }

    @Test
    void takesAsManyTokensAsThereIsRoomFor() {
        check(SIZES, false, (network, model) -> {
            try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                    Decoder decoder = new Decoder(manager, network, model, 3)) {
                assertThatThrownBy(() -> decoder.next(1)).hasMessage("the decoder needs a prompt first");
                assertThatThrownBy(() -> decoder.start(1, 2, 3, 4))
                        .hasMessage("a prompt has 1 to 3 tokens (the model's seq_len), got 4");
                assertThatThrownBy(() -> decoder.start()).hasMessageContaining("got 0");
                decoder.start(1, 2);
                assertThat(decoder.isFull()).isFalse();
                float[] third = decoder.next(3);
                assertThat(decoder.isFull()).isTrue();
                assertThatThrownBy(() -> decoder.next(4)).hasMessage("the cache is full: 3 tokens");
                // What was before a start leaves no trace.
                assertThat(decoder.start(1, 2, 3)).containsExactly(third, within(1e-5f));
                decoder.start(5);
                decoder.start(1, 2);
                assertThat(decoder.next(3)).containsExactly(third);
            }
        });
    }

    /** Our own reads: of a prompt and of a token only the logits come to the host. */
    @Test
    void onlyTheLogitsComeToTheHost() {
        check(SIZES + "model.n_experts=4 model.top_k=2", true, (network, model) -> {
            try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                    Decoder decoder = new Decoder(manager, network, model, S)) {
                long before = HostCopy.count();
                decoder.start(1, 2, 3);
                decoder.next(4);
                assertThat(HostCopy.count()).isEqualTo(before + 2);
            }
        });
    }

    private static void agrees(String settings, boolean bias) {
        check(SIZES + settings, bias, DecoderTest::compare);
    }

    private static void compare(AutoregressiveModel network, ModelConfig model) {
        assertThat(difference(network, model, tokens())).isLessThan(TOLERANCE);
    }

    /** The largest difference over all positions and logits, relative to the largest logit. */
    private static double difference(AutoregressiveModel network, ModelConfig model, int[] tokens) {
        double difference = 0;
        try (NDManager manager = NDManager.newBaseManager(Device.cpu());
                Decoder decoder = new Decoder(manager, network, model, S)) {
            float[] whole = network.evaluate(
                    manager,
                    Arrays.stream(tokens).asLongStream().toArray(),
                    S,
                    1,
                    DropPolicy.byPosition(),
                    Forms.PLAIN,
                    output -> output.logits().toFloatArray()); // (S, 1, V)
            double largest = 0;
            for (float logit : whole) {
                largest = Math.max(largest, Math.abs(logit));
            }
            for (int prompt : List.of(1, S / 2, S)) {
                float[] logits = decoder.start(Arrays.copyOf(tokens, prompt)); // (V)
                for (int s = prompt; s <= S; s++) {
                    for (int v = 0; v < V; v++) {
                        difference = Math.max(difference, Math.abs(logits[v] - whole[(s - 1) * V + v]) / largest);
                    }
                    logits = s < S ? decoder.next(tokens[s]) : logits; // (V)
                }
            }
        }
        return difference;
    }

    private static int[] tokens() {
        return new SplittableRandom(3).ints(S, 0, V).toArray();
    }

    private static void check(String settings, boolean bias, BiConsumer<AutoregressiveModel, ModelConfig> test) {
        ModelConfig model = Modules.model(Semantics.PAPER, settings.trim());
        try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
            AutoregressiveModel network =
                    Modules.initialize(new AutoregressiveModel(model, V, S, bias), manager, settings.hashCode());
            Forms.move(network);
            test.accept(network, model);
            network.clear();
        }
    }
}
