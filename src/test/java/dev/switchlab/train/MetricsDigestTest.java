package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** The order of points does not count, everything else does. */
class MetricsDigestTest {

    private static String of(Object... points) {
        MetricsDigest digest = new MetricsDigest();
        for (int i = 0; i < points.length; i += 3) {
            digest.add((String) points[i], (Integer) points[i + 1], (Double) points[i + 2]);
        }
        return digest.hex();
    }

    @Test
    void orderDoesNotCount() {
        assertThat(of("a", 1, 0.5, "b", 1, 0.25, "a", 2, 1.0)).isEqualTo(of("a", 2, 1.0, "b", 1, 0.25, "a", 1, 0.5));
    }

    @Test
    void everythingElseDoes() {
        String digest = of("a", 1, 0.5, "a", 2, 0.5);
        assertThat(digest)
                .hasSize(64)
                .isNotEqualTo(of("a", 1, 0.5))
                .isNotEqualTo(of("a", 1, 0.5, "a", 2, 0.5, "a", 2, 0.5))
                .isNotEqualTo(of("a", 1, 0.5, "a", 3, 0.5))
                .isNotEqualTo(of("a", 1, 0.5, "b", 2, 0.5))
                .isNotEqualTo(of("a", 1, 0.5, "a", 2, Math.nextUp(0.5)))
                .isNotEqualTo(of("a", 1, 0.5, "a", 2, Double.NaN));
    }

    @Test
    void valuesCountAsTheStoreGivesThemBack() {
        assertThat(of("a", 1, -0.0)).isEqualTo(of("a", 1, 0.0));
        assertThat(of("a", 1, Double.NEGATIVE_INFINITY)).isEqualTo(of("a", 1, -Double.MAX_VALUE));
        assertThat(of("a", 1, Double.longBitsToDouble(0x7ff8000000000001L))).isEqualTo(of("a", 1, Double.NaN));
    }

    @Test
    void goesOnFromItsText() {
        MetricsDigest first = new MetricsDigest();
        first.add(1, Map.of("a", 0.5, "b", 3.0));
        MetricsDigest second = new MetricsDigest(first.hex());
        second.add(2, Map.of("a", 0.5));
        assertThat(second.hex()).isEqualTo(of("a", 1, 0.5, "b", 1, 3.0, "a", 2, 0.5));
        assertThatThrownBy(() -> new MetricsDigest("12")).hasMessageContaining("64 hexadecimal digits");
    }

    @Test
    void timingsDoNotCount() {
        assertThat(of("train/tokens_per_second", 1, 1e6, "system/cpu_utilization_percentage", 1, 99.0))
                .isEqualTo(of())
                .isEqualTo("0".repeat(64));
    }
}
