package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.data.Corpus;
import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.sweep.SweepSpec.Grid;
import dev.switchlab.sweep.SweepSpec.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SweepTest {

    private static final Corpus TEXT = new Corpus("text", "0123", "To be, or not to be");
    private static final Map<String, String> HERE = Map.of("THREADS", "1", "DEVICE", "cpu");

    @TempDir
    Path folder;

    @BeforeEach
    void experiments() throws IOException {
        Files.writeString(folder.resolve("small.yaml"), "semantics: paper\ncorpus: dickens\ntrain: {steps: 10}\n");
        Files.writeString(folder.resolve("dense.yaml"), "extends: small\nmodel: {n_experts: 1}\n");
    }

    private Sweep sweep(SweepSpec request) {
        return Sweep.of(request, folder);
    }

    static SweepSpec request(String experiments, String set, String grid, String seeds, String... excluded) {
        return request(experiments, set, Map.of(), grid, seeds, excluded);
    }

    private static SweepSpec request(
            String experiments,
            String set,
            Map<String, Map<String, String>> variants,
            String grid,
            String seeds,
            String... excluded) {
        return new SweepSpec(
                "",
                "",
                List.of(experiments.split(" ", -1)),
                ExperimentLoader.changes(List.of(set)),
                variants,
                Grid.parse(grid),
                SweepSpec.parseSeeds(seeds),
                Stream.of(excluded)
                        .map(text -> ExperimentLoader.changes(List.of(text)))
                        .toList(),
                Resources.DEFAULT);
    }

    @Test
    void theProductOfExperimentsGridAndSeeds() {
        Sweep sweep = sweep(request("small dense", "train.steps=5", "model.heads=2,4 train.z_loss=0,0.001", "1,7"));
        assertThat(sweep.runs()).hasSize(2 * 4 * 2);
        assertThat(sweep.runs())
                .extracting(SweepRun::number)
                .startsWith(1, 2, 3)
                .doesNotHaveDuplicates();
        // The first seed of each setting comes first.
        assertThat(sweep.runs().subList(0, 8)).extracting(SweepRun::seed).containsOnly(1L);
        SweepRun last = sweep.runs().get(15);
        assertThat(last.experiment().id()).isEqualTo("dense");
        assertThat(last.experiment().model().nExperts()).isEqualTo(1);
        assertThat(last.experiment().model().heads()).isEqualTo(4);
        assertThat(last.experiment().train().zLoss()).isEqualTo(0.001);
        assertThat(last.experiment().train().steps()).isEqualTo(5);
        assertThat(last.seed()).isEqualTo(7);
        assertThat(last.setting()).isEqualTo("model.heads=4 train.z_loss=0.001");
        // Names, which are short, show first what is swept.
        assertThat(last.changes().keySet()).containsExactly("model.heads", "train.z_loss", "train.steps");
        assertThat(last.changes())
                .containsOnlyKeys("train.steps", "model.heads", "train.z_loss")
                .containsEntry("train.steps", "5");
        assertThat(sweep.settings())
                .hasSize(8)
                .allSatisfy((row, of) -> assertThat(of).hasSize(2));
    }

    /** A sweep that began before a setting existed is continued. */
    @Test
    void aSettingThatCameLaterMakesNoOtherSweep() {
        SweepIdentity off = identity(request("small", "", "", "1"));
        assertThat(off).isEqualTo(identity(request("small", "model.norm=layer", "", "1")));
        assertThat(off.toJson()).doesNotContain("norm\"");
        assertThat(identity(request("small", "model.norm=rms", "", "1")).difference(off))
                .hasValueSatisfying(text -> assertThat(text).contains("model.norm was layer, is rms now"));
    }

    private static SweepSpec variants(Map<String, String> variants, String set, String grid, String... excluded) {
        Map<String, Map<String, String>> all = new TreeMap<>();
        variants.forEach((name, settings) -> all.put(name, ExperimentLoader.changes(List.of(settings))));
        return request("small", set, all, grid, "1..2", excluded);
    }

    @Test
    void variantsTimesTheGrid() {
        SweepSpec request = variants(
                Map.of("a few", "model.heads=2 train.steps=3", "b many", "model.heads=4"),
                "",
                "train.z_loss=0,0.001",
                "variant=\"b many z_loss=0\" seed=2");
        Sweep sweep = sweep(request);
        assertThat(sweep.runs())
                .extracting(run -> run.variant() + " " + run.seed())
                .containsExactly(
                        "a few z_loss=0 1",
                        "a few z_loss=0.001 1",
                        "b many z_loss=0 1",
                        "b many z_loss=0.001 1",
                        "a few z_loss=0 2",
                        "a few z_loss=0.001 2",
                        "b many z_loss=0.001 2");
        assertThat(sweep.runs().get(1).setting()).isEqualTo("model.heads=2 train.steps=3 train.z_loss=0.001");
        assertThat(sweep.runs().get(1).experiment().train().zLoss()).isEqualTo(0.001);
        assertThat(request.words()).isEqualTo("small train.z_loss=0,0.001 2 variants seeds 1,2");

        refused(variants(Map.of("a", "model.heads=2"), "", "model.heads=2,4"), "model.heads is set in variants, too");
        refused(variants(Map.of("a", "model.heads=2"), "model.heads=4", ""), "model.heads is set in SET, too");
        refused(
                variants(Map.of("a", "model.heads=2", "b", "model.heads=02"), "", ""),
                "'small model.heads=2' and 'small model.heads=02' are the same");
    }

    /** The names of variants do not distinguish sweeps; their changes do. */
    @Test
    void aCallIsKnownByWhatItsVariantsChange() {
        String call = variants(Map.of("a", "model.heads=2", "b", "model.heads=4"), "", "")
                .call();
        assertThat(variants(Map.of("c", "model.heads=4", "d", "model.heads=2"), "", "")
                        .call())
                .isEqualTo(call);
        assertThat(variants(Map.of("a", "model.heads=2"), "", "").call()).isNotEqualTo(call);
        assertThat(request("small", "", "model.heads=2,4", "1..2").call()).isNotEqualTo(call);
    }

    @Test
    void excludedCombinationsAreLeftOut() {
        Sweep sweep = sweep(request(
                "small dense",
                "",
                "model.heads=2,4 train.z_loss=0,0.001",
                "1..2",
                "model.heads=2 train.z_loss=0.001",
                "experiment=dense model.heads=4",
                "experiment=small model.heads=4 train.z_loss=0 seed=2"));
        assertThat(sweep.runs())
                .extracting(run -> run.row() + " " + run.seed())
                .containsExactly(
                        "small model.heads=2 train.z_loss=0 1",
                        "small model.heads=4 train.z_loss=0 1",
                        "small model.heads=4 train.z_loss=0.001 1",
                        "dense model.heads=2 train.z_loss=0 1",
                        "small model.heads=2 train.z_loss=0 2",
                        "small model.heads=4 train.z_loss=0.001 2",
                        "dense model.heads=2 train.z_loss=0 2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            nullValues = "-",
            value = {
                "small | - | model.n_expert=2,4 | - | model.n_expert is not a setting; did you mean model.n_experts?",
                "small | - | model.n_experts=2,many | - | model.n_experts is \"many\"; allowed: whole numbers",
                "small | - | model.heads=2,3 | - | model.heads is 3",
                "smal | - | - | - | did you mean small?",
                "small | model.heads=2 | model.heads=2,4 | - | model.heads is set in SET, too",
                "small | - | model.heads=2,02 | - | 'small model.heads=2' and 'small model.heads=02' are the same",
                "small small | - | - | - | are the same",
                "small | - | model.heads=2,4 | model.heads=8 | 'model.heads=8' is no combination",
                "small | - | model.heads=2 | model.heads=2 | all combinations are excluded"
            })
    void errorsAreReportedInOneLine(String experiments, String set, String grid, String excluded, String message) {
        refused(
                request(
                        experiments,
                        Objects.toString(set, ""),
                        Objects.toString(grid, ""),
                        "1",
                        excluded == null ? new String[0] : new String[] {excluded}),
                message);
    }

    private void refused(SweepSpec request, String message) {
        assertThatThrownBy(() -> sweep(request))
                .isInstanceOf(ExperimentException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    /** Identity and call do not depend on the order of what is written. */
    @Test
    void oneSweepHasOneIdentity() {
        SweepSpec first = request("small dense", "", "model.heads=2,4 train.z_loss=0,0.001", "1..3");
        SweepSpec again = request("dense small", "", "train.z_loss=0.001,0 model.heads=4,2", "3,2,1");
        assertThat(identity(again).digest()).isEqualTo(identity(first).digest()).matches("[0-9a-f]{16}");
        assertThat(again.call()).isEqualTo(first.call()).matches("[0-9a-f]{16}");
        SweepSpec other = request("small dense", "", "model.heads=2,4 train.z_loss=0,0.002", "1..3");
        assertThat(identity(other).digest()).isNotEqualTo(identity(first).digest());
        assertThat(other.call()).isNotEqualTo(first.call());
        SweepSpec seeds = request("small dense", "", "model.heads=2,4 train.z_loss=0,0.001", "1..4");
        assertThat(identity(seeds).digest()).isNotEqualTo(identity(first).digest());
    }

    private SweepIdentity identity(SweepSpec request) {
        return SweepIdentity.of(sweep(request), run -> TEXT, HERE);
    }

    @Test
    void whatChangedMeanwhileIsNamed() throws IOException {
        SweepSpec request = request("small dense", "", "model.heads=2,4", "1..2");
        SweepIdentity begun = SweepIdentity.ofJson(identity(request).toJson(), "run");
        assertThat(identity(request).difference(begun)).isEmpty();

        Files.writeString(folder.resolve("dense.yaml"), "extends: small\nmodel: {n_experts: 1}\ntrain: {warmup: 3}\n");
        assertThat(identity(request).digest()).isNotEqualTo(begun.digest());
        assertThat(identity(request).difference(begun))
                .hasValueSatisfying(text -> assertThat(text)
                        .startsWith("dense model.heads=2: train.warmup was ")
                        .endsWith("is 3 now"));
        // Descriptions do not count.
        Files.writeString(
                folder.resolve("dense.yaml"), "extends: small\nabout: Something else.\nmodel: {n_experts: 1}\n");
        assertThat(identity(request).digest()).isEqualTo(begun.digest());

        Function<SweepRun, Corpus> otherText = run -> new Corpus("text", "4567", "To be, or not to be");
        assertThat(SweepIdentity.of(sweep(request), otherText, HERE).difference(begun))
                .contains("dense model.heads=2: corpus.sha256 was 0123, is 4567 now");
        assertThat(SweepIdentity.of(sweep(request), run -> TEXT, Map.of("THREADS", "2", "DEVICE", "cpu"))
                        .difference(begun))
                .contains("THREADS was 1, is 2 now");
    }
}
