package dev.switchlab.provenance;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.engine.Engine;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.io.Json;
import dev.switchlab.provenance.Provenance.Digests;
import dev.switchlab.provenance.Provenance.Text;
import dev.switchlab.provenance.Reproduction.Finished;
import dev.switchlab.provenance.Reproduction.Pair;
import dev.switchlab.provenance.Reproduction.Verdict;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The verdict on a reproduction. */
class ReproductionTest {

    private static final Experiment SMOKE = ExperimentLoader.load("smoke", List.of(), Path.of("experiments"));

    @BeforeAll
    static void startEngine() {
        Engine.getInstance();
        Libtorch.loaded().useDeterministicAlgorithms();
    }

    private final Map<String, SortedMap<Long, Double>> first = points();
    private final Map<String, SortedMap<Long, Double>> second = points();
    private String firstWeights = "w";
    private String secondWeights = "w";

    private static Map<String, SortedMap<Long, Double>> points() {
        Map<String, SortedMap<Long, Double>> points = new TreeMap<>();
        for (long step = 1; step <= 5; step++) {
            for (String metric :
                    List.of("train/loss", "train/learning_rate", "layer0/router_entropy", "train/tokens_per_second")) {
                points.computeIfAbsent(metric, m -> new TreeMap<>()).put(step, 2.0 / step);
            }
        }
        return points;
    }

    private static Provenance provenance(Experiment experiment, String weights) {
        return Provenance.collect(
                        experiment,
                        "make train",
                        new Text("dickens", "ab", ""),
                        new TreeMap<>(),
                        Computation.on(Device.cpu(), "matrix", 1, false),
                        "initial")
                .with(new Digests("initial", new TreeMap<>(Map.of(5, weights)), "m", weights));
    }

    private static Provenance changed(Provenance provenance, Consumer<JsonNode> change) {
        try {
            JsonNode tree = Json.MAPPER.readTree(provenance.toJson());
            change.accept(tree);
            return Provenance.ofJson(tree.toString(), "changed");
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private Reproduction compare() {
        return compare(SMOKE);
    }

    private Reproduction compare(Experiment stored) {
        return Reproduction.of(
                new Finished(provenance(stored, firstWeights), first),
                new Finished(provenance(stored, secondWeights), second),
                SMOKE.toParams(),
                Tolerance.DEFAULT);
    }

    @Test
    void equalToTheBitIsIdentical() {
        second.get("train/tokens_per_second").put(3L, 12345.0);
        Reproduction reproduction = compare();
        assertThat(reproduction.verdict()).isEqualTo(Verdict.IDENTICAL);
        assertThat(reproduction.compared()).isEqualTo(15);
        assertThat(reproduction.first()).isEmpty();
        assertThat(reproduction.provenance()).isEmpty();
        assertThat(reproduction.promised()).isTrue();
        assertThat(ReproductionReport.of(reproduction, "a", "b")).endsWith("IDENTICAL\n");
    }

    @Test
    void oneBitIsNotIdentical() {
        second.get("train/loss").put(3L, Math.nextUp(2.0 / 3));
        Reproduction reproduction = compare();
        assertThat(reproduction.verdict()).isEqualTo(Verdict.EQUIVALENT);
        assertThat(reproduction.unequal()).isEqualTo(1);
        assertThat(reproduction.firstBeyond()).isEmpty();
        assertThat(ReproductionReport.of(reproduction, "a", "b"))
                .contains("first difference: step 3, train/loss: 0.6666666666666666, then 0.6666666666666667")
                .contains("this is a fault")
                .endsWith("EQUIVALENT\n");
    }

    @Test
    void equalValuesWithOtherWeightsAreNotIdentical() {
        secondWeights = "other";
        Reproduction reproduction = compare();
        assertThat(reproduction.verdict()).isEqualTo(Verdict.EQUIVALENT);
        assertThat(reproduction.firstCheckpoint()).hasValue(5);
    }

    @Test
    void outOfToleranceIsDifferentFromTheEarliestStep() {
        second.get("train/loss").put(2L, 1.0001); // within
        second.get("train/loss").put(4L, 0.6);
        second.get("layer0/router_entropy").put(4L, 0.7);
        second.get("layer0/router_entropy").put(5L, Double.NaN);
        Reproduction reproduction = compare();
        assertThat(reproduction.verdict()).isEqualTo(Verdict.DIFFERENT);
        assertThat(reproduction.first().orElseThrow().step()).isEqualTo(2);
        assertThat(reproduction.firstBeyond())
                .hasValue(new Reproduction.Point(4, "train/loss", Optional.of(0.5), Optional.of(0.6)));
    }

    @Test
    void aPointMoreOrLessIsDifferent() {
        second.get("train/loss").remove(5L);
        Reproduction less = compare();
        assertThat(less.verdict()).isEqualTo(Verdict.DIFFERENT);
        assertThat(ReproductionReport.of(less, "a", "b")).contains("step 5, train/loss: 0.4, then nothing");
        second.get("train/loss").put(5L, 0.4);
        second.get("train/loss").put(6L, 0.4);
        assertThat(compare().verdict()).isEqualTo(Verdict.DIFFERENT);
    }

    /** Whether a score beats the best before it may hang on its last digit. */
    @Test
    void aBestScoreMoreOrLessIsEquivalent() {
        first.put("best/cross_entropy", new TreeMap<>(Map.of(2L, 2.0)));
        second.put("best/cross_entropy", new TreeMap<>(Map.of(2L, 2.0, 4L, 1.99999)));
        assertThat(compare().verdict()).isEqualTo(Verdict.EQUIVALENT);
        second.put("best/cross_entropy", new TreeMap<>(Map.of(2L, 2.5)));
        assertThat(compare().verdict()).isEqualTo(Verdict.DIFFERENT);
    }

    /**
     * What a run does not name, since there was no such setting when it was recorded, has the value that it has where
     * it is off.
     */
    @Test
    void aSettingThatCameLaterIsNoDifference() {
        Provenance now = provenance(SMOKE, "w");
        Provenance older = changed(now, tree -> ((ObjectNode) tree.at("/experiment/model")).remove("norm"));
        Map<String, String> logged = new TreeMap<>(SMOKE.toParams());
        logged.remove("model.norm");
        Reproduction reproduction =
                Reproduction.of(new Finished(older, first), new Finished(now, second), logged, Tolerance.DEFAULT);
        assertThat(reproduction.edited()).isEmpty();
        assertThat(reproduction.provenance()).isEmpty();
        assertThat(Reproduction.conditions(older, now)).isEmpty();
        assertThat(reproduction.verdict()).isEqualTo(Verdict.IDENTICAL);
        assertThat(reproduction.promised()).isTrue();
        Provenance edited = provenance(SMOKE.with("model.norm=rms"), "w");
        assertThat(Reproduction.of(new Finished(edited, first), new Finished(now, second), logged, Tolerance.DEFAULT)
                        .edited())
                .containsOnly(Map.entry("model.norm", new Pair("layer", "rms")));
    }

    @Test
    void nothingToCompareIsDifferent() {
        first.clear();
        second.clear();
        assertThat(compare().verdict()).isEqualTo(Verdict.DIFFERENT);
    }

    @Test
    void aRunWithoutFinalWeightsIsNeverIdentical() {
        firstWeights = "";
        secondWeights = "";
        assertThat(compare().verdict()).isEqualTo(Verdict.EQUIVALENT);
    }

    @Test
    void editedSettingsAreNotEquivalentHoweverNear() {
        second.get("train/loss").put(3L, Math.nextUp(2.0 / 3));
        Reproduction reproduction = compare(SMOKE.with("train.beta2=0.5"));
        assertThat(reproduction.verdict()).isEqualTo(Verdict.DIFFERENT);
        assertThat(reproduction.edited()).containsOnly(Map.entry("train.beta2", new Pair("0.99", "0.5")));
        assertThat(reproduction.promised()).isFalse();
    }

    @Test
    void saysWhatDiffersInTheProvenance() {
        Provenance one = provenance(SMOKE, "w");
        Provenance other = changed(one, tree -> {
            ((ObjectNode) tree.at("/computation")).put("threads", 8);
            ((ObjectNode) tree.at("/text")).put("sha256", "cd");
        });
        Reproduction reproduction = Reproduction.of(
                new Finished(one, first), new Finished(other, second), SMOKE.toParams(), Tolerance.DEFAULT);
        assertThat(reproduction.provenance())
                .containsOnly(
                        Map.entry("computation.threads", new Pair("1", "8")),
                        Map.entry("text.sha256", new Pair("ab", "cd")));
        assertThat(reproduction.promised()).isFalse();
        assertThat(ReproductionReport.of(reproduction, "a", "b"))
                .contains("computation.threads: 1, then 8", "equal bits were not promised");
    }

    @ParameterizedTest
    @CsvSource({
        "train/loss, 0, 1, 1.0009, true",
        "train/loss, 0, 1, 1.0012, false",
        "train/loss, 1, 1, 1.0012, true",
        "train/loss, 0, 0, 0.0009, true",
        "train/loss, 1000, 1, 1.02, false",
        "layer0/load/expert1, 1000, 0.3, 0.7, true",
        "layer0/load/expert1, 1000, 0.3, 0.9, false",
        "train/learning_rate, 1000, 1e-9, 2e-9, false",
        "train/loss, 0, NaN, NaN, true",
        "train/loss, 0, NaN, 1, false",
        "train/loss, 0, Infinity, 1, false",
    })
    void toleranceGrowsWithTheStepAndIsAbsoluteForSmallValues(
            String metric, long step, double first, double second, boolean isAllowed) {
        Tolerance.Share narrow = new Tolerance.Share(0.001, 0.001, 0.01);
        Tolerance tolerance = new Tolerance(narrow, new Tolerance.Share(0.5, 0, 0.5));
        assertThat(tolerance.allows(metric, step, first, second)).isEqualTo(isAllowed);
    }
}
