package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The files that the project ships. */
class BundledExperimentsTest {
    private static final Path FOLDER = Path.of("experiments");
    private static final List<String> BUNDLED = List.of(
            "balance-by-bias",
            "deepseek",
            "dense",
            "fine-grained",
            "gpu-base",
            "java-sources",
            "miniature",
            "reference",
            "smoke",
            "ten-minutes",
            "ten-minutes-dense",
            "tiny-shakespeare",
            "top-2");

    @TestFactory
    List<DynamicTest> everyFileLoadsAndSaysWhy() {
        return bundled().stream()
                .map(summary -> DynamicTest.dynamicTest(summary.id(), () -> {
                    Experiment experiment = load(summary.id());
                    assertThat(experiment.id()).isEqualTo(summary.id());
                    assertThat(experiment.about()).startsWith(summary.about()).isNotBlank();
                    assertThat(experiment.about())
                            .as("what to expect is not true of a changed experiment: it has a key of its own")
                            .doesNotContainIgnoringCase("expect ");
                    assertThat(ExperimentLoader.parse(experiment.toYaml(), "stored"))
                            .isEqualTo(experiment);
                    assertThat(text(summary.id())).startsWith("# Why: ").contains("# What to expect: ");
                }))
                .toList();
    }

    /** Not a user's own files beside them, which need no such comments. */
    private static List<ExperimentLoader.Summary> bundled() {
        List<ExperimentLoader.Summary> bundled = ExperimentLoader.list(FOLDER).stream()
                .filter(summary -> BUNDLED.contains(summary.id()))
                .toList();
        assertThat(bundled).hasSameSizeAs(BUNDLED);
        return bundled;
    }

    @Test
    void theNamesThatOthersRelyOnAreThere() {
        assertThat(ExperimentLoader.list(FOLDER))
                .extracting(ExperimentLoader.Summary::id)
                .contains("dense", "reference", "smoke", "tiny-shakespeare");
    }

    @Test
    void referenceIsThePresetOfItsSemantics() {
        Experiment preset = Experiment.of(Semantics.REFERENCE);
        Experiment reference = load("reference");
        assertThat(reference.model()).isEqualTo(preset.model());
        assertThat(reference.train()).isEqualTo(preset.train());
    }

    @Test
    void denseDiffersFromTinyShakespeareInTheFeedForwardNetworkOnly() {
        Experiment sparse = load("tiny-shakespeare");
        assertThat(load("dense").toParams().entrySet())
                .filteredOn(entry -> !entry.getValue().equals(sparse.toParams().get(entry.getKey())))
                .extracting(entry -> entry.getKey() + "=" + entry.getValue())
                .containsExactly("model.feed_forward=dense", "model.n_experts=1");
    }

    /** What its file computes of it. */
    @Test
    void gpuBaseHasTheSizesThatItsFileSays() throws IOException {
        Experiment experiment = load("gpu-base");
        ModelConfig model = experiment.model();
        long d = model.dModel();
        long network = 2 * d * model.dFf() + d + model.dFf();
        long weights = 0;
        for (int layer = 0; layer < model.nLayers(); layer++) {
            weights += 4 * d * d + 4 * d + 4 * d;
            weights += model.isSparse(layer) ? model.nExperts() * (network + d) : network;
        }
        assertThat(String.format(Locale.ROOT, "%.2f billion weights, %.1f GB", weights / 1e9, 16 * weights / 1e9))
                .isSubstringOf(text("gpu-base"));
        assertThat(String.format(
                        Locale.ROOT,
                        "%,d",
                        experiment.train().batchSize() * experiment.train().seqLen()))
                .isSubstringOf(text("gpu-base"));
        assertThat(model.dropTokens()).as("shapes are fixed").isTrue();
    }

    private static Experiment load(String id) {
        return ExperimentLoader.load(id, List.of(), FOLDER);
    }

    private static String text(String id) throws IOException {
        return Files.readString(FOLDER.resolve(id + ".yaml"));
    }
}
