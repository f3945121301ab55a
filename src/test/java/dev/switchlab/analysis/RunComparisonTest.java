package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.runs.RunInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tech.tablesaw.api.Table;

class RunComparisonTest {

    private static final String LOSS = "valid/cross_entropy";

    /** Two settings, three seeds each; the differences are 1, 2 and 3. */
    private static Fakes twoSettings() {
        Fakes fakes = new Fakes();
        for (int seed = 1; seed <= 3; seed++) {
            fakes.run("a" + seed, "few", "seed=" + seed, "model.n_experts=2", "threads=1")
                    .metric("a" + seed, LOSS, 9, 2, 4)
                    .run("b" + seed, "many", "seed=" + seed, "model.n_experts=4", "threads=" + seed)
                    .metric("b" + seed, LOSS, 9, 8, 4 + seed);
        }
        return fakes;
    }

    @Test
    void settingsArePairedBySeed() {
        RunComparison comparison = RunComparison.of(twoSettings(), List.of("few", "many"));
        Table differences = comparison.differences();
        assertThat(differences.rowCount()).isEqualTo(1);
        assertThat(differences.getString(0, "difference")).isEqualTo("B - A");
        assertThat(differences.intColumn("pairs").getInt(0)).isEqualTo(3);
        assertThat(differences.doubleColumn("mean").getDouble(0)).isEqualTo(2.0);
        // Student's t with 2 degrees of freedom: 4.302653 / sqrt(3)
        assertThat(differences.doubleColumn("ci95_low").getDouble(0)).isCloseTo(2 - 2.484138, within(1e-5));
        assertThat(differences.doubleColumn("ci95_high").getDouble(0)).isCloseTo(2 + 2.484138, within(1e-5));
        assertThat(differences.getString(0, "verdict")).isEqualTo("not distinguishable");
        assertThat(comparison.notes()).isEmpty();
    }

    @Test
    void finalIsTheLastStepAndBestTheLeastLoss() {
        Table metrics = RunComparison.of(twoSettings(), List.of("a1", "b1")).metrics();
        assertThat(metrics.doubleColumn("final").asDoubleArray()).containsExactly(4, 5);
        assertThat(metrics.doubleColumn("best").asDoubleArray()).containsExactly(2, 5);
        assertThat(metrics.intColumn("best_step").asObjectArray()).containsExactly(20, 30);
    }

    @Test
    void onlyDifferingParametersAreShown() {
        Table settings =
                RunComparison.of(twoSettings(), List.of("a1", "a2", "b1")).settings();
        assertThat(settings.columnNames()).containsExactly("run", "name", "setting", "seed", "model.n_experts");
        assertThat(settings.stringColumn("setting").asList()).containsExactly("A", "A", "B");
    }

    @Test
    void withoutCommonSeedsThereIsANoteAndNoInterval() {
        RunComparison comparison = RunComparison.of(twoSettings(), List.of("a1", "b2"));
        assertThat(comparison.differences().isEmpty()).isTrue();
        assertThat(comparison.notes()).singleElement().asString().startsWith("B - A: 0 common seed(s)");
        RunComparison one = RunComparison.of(twoSettings(), List.of("a1", "b1"));
        assertThat(one.differences().doubleColumn("ci95_low").isMissing(0)).isTrue();
        assertThat(one.differences().getString(0, "verdict")).isEqualTo("needs two seeds");
    }

    @Test
    void moreAccuracyIsBetterAndMoreLossIsWorse() {
        Fakes fakes = new Fakes();
        for (int seed = 1; seed <= 2; seed++) {
            fakes.run("a" + seed, "a", "seed=" + seed, "x=1")
                    .metric("a" + seed, LOSS, 1)
                    .metric("a" + seed, "valid/accuracy", 0.5);
            fakes.run("b" + seed, "b", "seed=" + seed, "x=2")
                    .metric("b" + seed, LOSS, 2 + seed / 100.0)
                    .metric("b" + seed, "valid/accuracy", 0.7 + seed / 1000.0);
        }
        Table differences = RunComparison.of(fakes, List.of("a", "b")).differences();
        assertThat(differences.stringColumn("metric").asList()).containsExactly(LOSS, "valid/accuracy");
        assertThat(differences.stringColumn("verdict").asList()).containsExactly("worse", "better");
    }

    @Test
    void theBestSkipsNaN() {
        Fakes fakes = new Fakes()
                .run("a", "x", "seed=1")
                .metric("a", LOSS, Double.NaN, 3, Double.NaN)
                .run("b", "x", "seed=2")
                .metric("b", LOSS, 1);
        Table metrics = RunComparison.of(fakes, List.of("a", "b")).metrics();
        assertThat(metrics.doubleColumn("best").getDouble(0)).isEqualTo(3);
        assertThat(metrics.doubleColumn("final").getDouble(0)).isNaN();
    }

    @Test
    void oneRunIsRefused() {
        assertThatThrownBy(() -> RunComparison.of(twoSettings(), List.of("a1", "a1")))
                .hasMessageStartingWith("RUNS names 1 run, allowed: two or more");
    }

    @Test
    void filesHoldTheTables(@TempDir Path folder) throws IOException {
        Fakes fakes = twoSettings();
        RunComparison comparison = RunComparison.of(fakes, List.of("few", "many"));
        assertThat(new ComparisonReport(comparison, fakes).write(folder))
                .hasSize(4)
                .allMatch(Files::exists);
        Table read = Table.read().csv(folder.resolve("compare-differences.csv").toFile());
        assertThat(read.doubleColumn("ci95_high").getDouble(0)).isCloseTo(4.484138, within(1e-5));
        String html = Files.readString(folder.resolve("compare.html"));
        assertThat(html).contains("<td>few a1</td>", "Content-Security-Policy", "<svg ");
        assertThat(html.replaceAll("(?s)<script>/\\*.*?</script>", "")).doesNotContain("src=\"http", "href=\"http");
    }

    @Test
    void aRunThatSumsUpSeedsIsNotOneOfItsExperiment() {
        Fakes fakes = twoSettings().run("sum", "few", "seeds=[1, 2, 3]").tag("sum", RunInfo.SUMMARY_TAG, "3");
        assertThat(RunComparison.of(fakes, List.of("few")).runs())
                .extracting(run -> run.runId())
                .containsExactly("a1", "a2", "a3");
    }

    @Test
    void originsNameOnlyWhatDiffers() {
        Fakes fakes = twoSettings();
        for (String id : List.of("a1", "b1", "b2")) {
            fakes.tag(id, "switchlab.libtorch", "2.7.1").tag(id, "mlflow.source.git.commit", "abc");
        }
        fakes.tag("b2", "mlflow.source.git.commit", "def");
        assertThat(RunOrigins.of(List.of(fakes.find("a1"), fakes.find("b1"))).isEmpty())
                .isTrue();
        Table origins = RunOrigins.of(List.of(fakes.find("a1"), fakes.find("b2")));
        assertThat(origins.columnNames()).containsExactly("run", "source.git.commit");
        assertThat(origins.stringColumn("source.git.commit").asList()).containsExactly("abc", "def");
    }

    @Test
    void digestsAreShortenedForPeopleOnly() {
        String digest = "0123456789abcdef".repeat(4);
        Fakes fakes = twoSettings().run("c", "c", "corpus.sha256=" + digest);
        RunComparison comparison = RunComparison.of(fakes, List.of("a1", "c"));
        assertThat(comparison.settings().stringColumn("corpus.sha256").asList()).containsExactly("", digest);
        assertThat(comparison.settingsAcross().stringColumn("c").asList()).contains("01234567…");
    }
}
