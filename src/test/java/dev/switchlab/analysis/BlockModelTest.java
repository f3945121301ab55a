package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.analysis.Difference.Verdict;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/**
 * Compared with R 4.5.0: {@code m <- lm(y ~ variant + seed)}, {@code summary(m)}, {@code confint(m)},
 * {@code p.adjust(p, "holm")} and {@code pt((.01 - abs(estimate)) / se, 20, lower.tail = FALSE)}.
 */
class BlockModelTest {

    private static final Map<String, Map<String, Double>> LOSSES = new LinkedHashMap<>();

    static {
        losses("A", 11, 1.8222, 1.7889, 1.8062, 1.798, 1.8066, 1.8042, 1.8094);
        losses("B", 11, 1.8042, 1.7608, 1.7577, 1.764, 1.7603, 1.7665, 1.7825);
        losses("C", 11, 1.8301, 1.7989, 1.7877, 1.8065, 1.7944, 1.798, 1.814);
        losses("D", 12, 1.7764, 1.7778, 1.7902, 1.781, 1.7801, 1.795);
        losses("E", 11, 1.6795, 1.654, 1.6464, 1.655);
    }

    private static void losses(String setting, int firstSeed, double... values) {
        Map<String, Double> bySeed = new LinkedHashMap<>();
        for (double value : values) {
            bySeed.put(Integer.toString(firstSeed + bySeed.size()), value);
        }
        LOSSES.put(setting, bySeed);
    }

    private static void assertDifference(String setting, String other, double estimate, double error) {
        MeanInterval difference = new BlockModel(LOSSES).difference(setting, other, 4);
        assertThat(difference.mean()).isCloseTo(estimate, within(1e-12));
        assertThat(difference.standardError()).isCloseTo(error, within(1e-12));
        assertThat(difference.degreesOfFreedom()).isEqualTo(20);
    }

    private static MeanInterval toA(String setting) {
        return new BlockModel(LOSSES).difference(setting, "A", 4);
    }

    @Test
    void estimatesAreThoseOfR() {
        assertDifference("B", "A", -0.0342142857143, 0.003054968225);
        assertDifference("C", "A", -0.0008428571429, 0.003054968225);
        assertDifference("D", "A", -0.0175796775403, 0.003211332375);
        assertDifference("E", "A", -0.1470305961755, 0.003707026071);
        assertDifference("D", "B", 0.016634608174, 0.003211332375);
    }

    @Test
    void intervalsAndProbabilitiesAreThoseOfR() {
        assertThat(toA("D").low()).isCloseTo(-0.02427839949, within(1e-10));
        assertThat(toA("D").high()).isCloseTo(-0.01088095559, within(1e-10));
        assertThat(toA("B").p()).isCloseTo(4.558120814e-10, within(1e-18));
        assertThat(toA("C").p()).isCloseTo(0.7854576813, within(1e-9));
        assertThat(toA("B").pOfEquivalence(0.01)).isCloseTo(0.9999999328, within(1e-9));
        assertThat(toA("C").pOfEquivalence(0.01)).isCloseTo(0.0035582391, within(1e-9));
        assertThat(toA("D").pOfEquivalence(0.01)).isCloseTo(0.9857348201, within(1e-9));
    }

    /** Two settings: the paired t-test, whatever the seeds' own losses. */
    @Test
    void twoSettingsArePaired() {
        Map<String, Map<String, Double>> two = new LinkedHashMap<>(LOSSES);
        two.keySet().retainAll(List.of("A", "B"));
        double[] pairs = LOSSES.get("B").entrySet().stream()
                .mapToDouble(score -> score.getValue() - LOSSES.get("A").get(score.getKey()))
                .toArray();
        MeanInterval paired = MeanInterval.of(pairs);
        MeanInterval difference = new BlockModel(two).difference("B", "A", 7);
        assertThat(difference.mean()).isCloseTo(paired.mean(), within(1e-12));
        assertThat(difference.standardError()).isCloseTo(paired.standardError(), within(1e-12));
        assertThat(difference.degreesOfFreedom()).isEqualTo(6);
    }

    /** Settings that change nothing give equal runs: no difference, though there is no noise either. */
    @Test
    void equalRunsAreUndecided() {
        Map<String, Double> losses = LOSSES.get("A");
        MeanInterval none = new BlockModel(Map.of("A", losses, "B", losses)).difference("B", "A", 7);
        assertThat(none.p()).isEqualTo(1);
        assertThat(new Difference(null, null, "final/cross_entropy", none, 0.05, Double.NaN).verdict())
                .isEqualTo(Verdict.UNDECIDED);
        MeanInterval exact = MeanInterval.of(0, 0, 0);
        assertThat(new Difference(null, null, "final/cross_entropy", exact, 0.05, Double.NaN).verdict())
                .isEqualTo(Verdict.UNDECIDED);
    }

    @Test
    void oneSeedDoesNotTellTheNoise() {
        assertThat(new BlockModel(Map.of("A", Map.of("1", 1.0), "B", Map.of("1", 2.0))).knowsNoise())
                .isFalse();
    }

    // Holm rejects two of four: .01 is at most .05 / 4, and .016 at most .05 / 3, but .03 is more than .05 / 2.
    @Test
    void theLevelIsThatOfHolm() {
        assertThat(Difference.level(DoubleStream.of(0.03, 0.01, 0.04, 0.016, Double.NaN)))
                .isEqualTo(0.016);
        assertThat(Difference.level(DoubleStream.of(0.03, 0.04))).isEqualTo(0.025);
        assertThat(Difference.level(DoubleStream.of(0.02, 0.04))).isEqualTo(0.04);
        assertThat(Difference.level(DoubleStream.of())).isEqualTo(0.05);
    }

    private static Verdict verdict(String setting, double level, double margin) {
        return new Difference(null, null, "final/cross_entropy", toA(setting), level, margin).verdict();
    }

    @Test
    void verdictsFollowLevelAndMargin() {
        assertThat(verdict("B", 1e-9, 0.01)).isEqualTo(Verdict.BETTER);
        assertThat(verdict("B", 1e-10, 0.01)).isEqualTo(Verdict.UNDECIDED);
        assertThat(verdict("B", 1e-9, 0.05)).isEqualTo(Verdict.EQUIVALENT);
        assertThat(verdict("C", 0.05, 0.01)).isEqualTo(Verdict.EQUIVALENT);
        assertThat(verdict("C", 0.05, Double.NaN)).isEqualTo(Verdict.UNDECIDED);
        assertThat(verdict("C", 0.05, 0.002)).isEqualTo(Verdict.UNDECIDED);
    }
}
