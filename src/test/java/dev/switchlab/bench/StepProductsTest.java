package dev.switchlab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import dev.switchlab.bench.StepProducts.StepProduct;
import dev.switchlab.bench.StepProducts.StepProduct.Direction;
import dev.switchlab.bench.StepProducts.StepProduct.Role;
import dev.switchlab.bench.Timing.Samples;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class StepProductsTest {

    private static final double GIGA = 1e9;

    private static StepProducts of(String... settings) {
        return StepProducts.of(Experiment.of(Semantics.REFERENCE, settings), 65);
    }

    /** Floating-point operations by layer, of all directions. */
    private static Map<Role, Double> byRole(StepProducts products) {
        return products.times().entrySet().stream()
                .collect(Collectors.groupingBy(
                        entry -> entry.getKey().role(),
                        Collectors.summingDouble(entry -> entry.getKey().flop() * entry.getValue())));
    }

    /**
     * 64 x 32 tokens of 128 features, 4 heads, experts of 256, 6 layers, 65 characters; forward and two gradients:
     * three times.
     */
    @Test
    void areThoseOfAHandComputation() {
        double tokens = 2048;
        Map<Role, Double> flop = byRole(of());
        assertThat(flop)
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        Role.QUERY_KEY_VALUE, 6 * 3 * 2 * tokens * 128 * 3 * 128,
                        Role.ATTENTION_SCORES, 6 * 3 * 2 * (32.0 * 4) * 64 * 64 * 32,
                        Role.ATTENTION_MIX, 6 * 3 * 2 * (32.0 * 4) * 64 * 64 * 32,
                        Role.ATTENTION_OUTPUT, 6 * 3 * 2 * tokens * 128 * 128,
                        Role.ROUTER, 6 * 3 * 2 * tokens * 128 * 4,
                        Role.EXPERTS_IN, 6 * 3 * 2 * tokens * 128 * 256,
                        Role.EXPERTS_OUT, 6 * 3 * 2 * tokens * 128 * 256,
                        Role.GENERATOR, 3 * 2 * tokens * 128 * 65));
        assertThat(of().flop() / GIGA).isCloseTo(11.0, within(0.05));
        assertThat(of().forwardOnly().flop()).isCloseTo(of().flop() / 3, within(1.0));
    }

    @Test
    void expertsShareTheTokens() {
        double four = byRole(of()).get(Role.EXPERTS_IN);
        assertThat(byRole(of("model.n_experts=64")).get(Role.EXPERTS_IN)).isEqualTo(four);
        assertThat(byRole(of("model.top_k=2")).get(Role.EXPERTS_IN)).isEqualTo(2 * four);
        assertThat(of("model.n_experts=64").times().keySet())
                .contains(new StepProduct(
                        Role.EXPERTS_IN, Direction.FORWARD, StepProduct.Layout.NT, 64, 2048 / 64, 128, 256));
    }

    @Test
    void aDenseNetworkHasTheOperationsOfTheExperts() {
        StepProducts dense = of("model.feed_forward=dense", "model.n_experts=1");
        Map<Role, Double> flop = byRole(dense);
        assertThat(flop).doesNotContainKeys(Role.EXPERTS_IN, Role.ROUTER);
        assertThat(flop.get(Role.DENSE_IN)).isEqualTo(byRole(of()).get(Role.EXPERTS_IN));
    }

    @Test
    void sharedExpertsAndDenseLayersBetweenCount() {
        Map<Role, Double> flop = byRole(of("model.shared_experts=1", "model.moe_every=2", "model.gated=true"));
        double once = 3 * 2 * 2048.0 * 128 * 256;
        assertThat(flop.get(Role.EXPERTS_OUT)).isEqualTo(3 * once);
        assertThat(flop.get(Role.EXPERTS_IN)).isEqualTo(2 * 3 * once);
        // Three dense layers as wide as one expert and one shared one, three shared experts.
        assertThat(flop.get(Role.DENSE_OUT)).isEqualTo(3 * 2 * once + 3 * once);
    }

    @Test
    void everyProductIsTimedEveryWay() {
        List<StepProduct> products = StepProduct.linear(Role.EXPERTS_IN, 2, 24, 8, 16);
        assertThat(products.stream().map(StepProduct::flop)).containsOnly(2.0 * 2 * 24 * 8 * 16);
        for (StepProduct product : products) {
            assertThat(round(product))
                    .containsOnlyKeys("batched product", "product per expert", "convolution")
                    .allSatisfy((way, ms) -> assertThat(ms.median()).isPositive());
        }
        for (StepProduct product : StepProduct.linear(Role.ROUTER, 1, 24, 8, 3)) {
            assertThat(round(product)).containsOnlyKeys("matrix product", "convolution");
        }
        for (StepProduct product : StepProduct.mix(Role.ATTENTION_MIX, 6, 8, 8, 4)) {
            assertThat(round(product)).containsOnlyKeys("batched product");
        }
    }

    private static Map<String, Timing> round(StepProduct product) {
        Samples samples = new Samples();
        try (ProductTimer timer = new ProductTimer(product, Device.cpu())) {
            timer.round(samples);
        }
        return samples.timings();
    }
}
