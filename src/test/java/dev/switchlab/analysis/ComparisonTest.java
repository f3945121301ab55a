package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.runs.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tech.tablesaw.api.Table;

class ComparisonTest {

    private static final String LOSS = "valid/cross_entropy";

    /** Two settings, three seeds each; the differences are 1, 2 and 3. */
    static Fakes twoSettings() {
        Fakes fakes = new Fakes();
        for (int seed = 1; seed <= 3; seed++) {
            fakes.run("a" + seed, "few", "seed=" + seed, "model.n_experts=2", "threads=1")
                    .metric("a" + seed, LOSS, 9, 2, 4)
                    .run("b" + seed, "many", "seed=" + seed, "model.n_experts=4", "threads=" + seed)
                    .metric("b" + seed, LOSS, 9, 8, 4 + seed);
        }
        return fakes;
    }

    private static List<String> ids(List<Run> runs) {
        return runs.stream().map(Run::runId).toList();
    }

    private static Table differences(Comparison comparison) {
        return new ComparisonTables(comparison).differences();
    }

    private static Table settings(Comparison comparison) {
        return new ComparisonTables(comparison).settings();
    }

    @Test
    void settingsArePairedBySeed() {
        Comparison comparison = Comparison.of(twoSettings(), List.of("few", "many"), "");
        Table differences = differences(comparison);
        assertThat(differences.rowCount()).isEqualTo(1);
        assertThat(differences.getString(0, "difference")).isEqualTo("B - A");
        assertThat(differences.intColumn("pairs").getInt(0)).isEqualTo(3);
        assertThat(differences.doubleColumn("mean").getDouble(0)).isEqualTo(2.0);
        // Student's t with 2 degrees of freedom: 4.302653 / sqrt(3)
        assertThat(differences.doubleColumn("ci95_low").getDouble(0)).isCloseTo(2 - 2.484138, within(1e-5));
        assertThat(differences.doubleColumn("ci95_high").getDouble(0)).isCloseTo(2 + 2.484138, within(1e-5));
        assertThat(differences.getString(0, "verdict")).isEqualTo("undecided");
        assertThat(comparison.notes()).isEmpty();
    }

    @Test
    void aSettingHasMeanIntervalBestTimeAndSpeed() {
        Fakes fakes = twoSettings();
        for (int seed = 1; seed <= 3; seed++) {
            fakes.end("b" + seed, "FINISHED", seed == 3 ? 900 : 10 + seed)
                    .metric("b" + seed, "train/tokens_per_second", 1, 100 * seed, 100 * seed, 9999);
        }
        Table settings = settings(Comparison.of(fakes, List.of("few", "many"), ""));
        assertThat(settings.rowCount()).isEqualTo(2);
        assertThat(settings.stringColumn("metric").get(1)).isEqualTo(LOSS);
        assertThat(settings.intColumn("runs").getInt(1)).isEqualTo(3);
        assertThat(settings.doubleColumn("mean").getDouble(1)).isEqualTo(6);
        assertThat(settings.doubleColumn("ci95_high").getDouble(1)).isCloseTo(6 + 2.484138, within(1e-5));
        assertThat(settings.doubleColumn("best").getDouble(1)).isEqualTo(5);
        assertThat(settings.stringColumn("best_run").get(1)).isEqualTo("b1");
        // The middle one: a run that stood still for a while does not count.
        assertThat(settings.doubleColumn("seconds").getDouble(1)).isEqualTo(12);
        assertThat(settings.doubleColumn("tokens_per_second").getDouble(1)).isEqualTo(200);
        assertThat(settings.stringColumn("mark").asList()).containsExactly("best, baseline", "");
    }

    @Test
    void finalIsTheLastStepAndBestTheLeastLoss() {
        Table metrics = new ComparisonTables(Comparison.of(twoSettings(), List.of("a1", "b1"), "")).metrics();
        assertThat(metrics.doubleColumn("final").asDoubleArray()).containsExactly(4, 5);
        assertThat(metrics.doubleColumn("best").asDoubleArray()).containsExactly(2, 5);
        assertThat(metrics.intColumn("best_step").asObjectArray()).containsExactly(20, 30);
    }

    @Test
    void runsAreSortedIntoSettings() {
        Table runs = new ComparisonTables(Comparison.of(twoSettings(), List.of("a1", "b2", "a2"), "")).runs();
        assertThat(runs.stringColumn("run").asList()).containsExactly("a1", "a2", "b2");
        assertThat(runs.stringColumn("setting").asList()).containsExactly("A", "A", "B");
        assertThat(runs.columnNames())
                .containsExactly(
                        "run",
                        "name",
                        "setting",
                        "seed",
                        "threads",
                        "experiment",
                        "model.n_experts",
                        "status",
                        LOSS,
                        "seconds");
    }

    /** Experiments whose parameters are alike are two settings all the same. */
    @Test
    void anotherExperimentIsAnotherSetting() {
        Fakes fakes = new Fakes()
                .run("a", "one", "seed=1", "x=1")
                .metric("a", LOSS, 1)
                .run("b", "two", "seed=1", "x=1")
                .metric("b", LOSS, 2);
        Comparison comparison = Comparison.of(fakes, List.of("a", "b"), "");
        assertThat(comparison.settings()).hasSize(2);
        assertThat(comparison.columns().axes()).containsExactly("experiment");
    }

    @Test
    void withoutCommonSeedsThereIsANoteAndNoInterval() {
        Comparison comparison = Comparison.of(twoSettings(), List.of("a1", "b2"), "");
        assertThat(comparison.differences()).isEmpty();
        assertThat(comparison.notes()).singleElement().asString().startsWith("B has no seed in common with A");
        Comparison one = Comparison.of(twoSettings(), List.of("a1", "b1"), "");
        assertThat(differences(one).doubleColumn("ci95_low").isMissing(0)).isTrue();
        assertThat(differences(one).getString(0, "verdict")).isEqualTo("needs two seeds");
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
        Table differences = differences(Comparison.of(fakes, List.of("a", "b"), ""));
        assertThat(differences.stringColumn("metric").asList()).containsExactly(LOSS, "valid/accuracy");
        assertThat(differences.stringColumn("verdict").asList()).containsExactly("worse", "better");
    }

    @Test
    void theBestSkipsNaN() {
        Fakes fakes = new Fakes()
                .run("a", "x", "seed=1", "rate=9")
                .metric("a", LOSS, Double.NaN, 3, Double.NaN)
                .run("b", "x", "seed=1", "rate=1")
                .metric("b", LOSS, 2);
        Comparison comparison = Comparison.of(fakes, List.of("a", "b"), "");
        Table metrics = new ComparisonTables(comparison).metrics();
        assertThat(metrics.doubleColumn("best").getDouble(0)).isEqualTo(3);
        assertThat(metrics.doubleColumn("final").getDouble(0)).isNaN();
        assertThat(comparison.best().orElseThrow().letter()).isEqualTo("B");
        assertThat(comparison.notes()).contains("a run of A ended with a loss that is no number: so is the mean");
    }

    /** The same seed again is no new evidence: it makes no interval narrower. */
    @Test
    void aSeedCountsOnce() {
        Fakes fakes = twoSettings()
                .run("a4", "few", "seed=1", "model.n_experts=2", "threads=2")
                .metric("a4", LOSS, 100);
        Comparison comparison = Comparison.of(fakes, List.of("few", "many"), "");
        assertThat(settings(comparison).doubleColumn("mean").getDouble(0)).isEqualTo(4);
        assertThat(settings(comparison).intColumn("runs").getInt(0)).isEqualTo(3);
        assertThat(comparison.notes())
                .containsExactly(
                        "A has a seed more than once: the first finished run of each counts, 1 other does not");
    }

    @Test
    void oneRunIsRefused() {
        assertThatThrownBy(() -> Comparison.of(twoSettings(), List.of("a1", "a1"), ""))
                .hasMessageStartingWith("RUNS names 1 run, allowed: two or more");
    }

    @Test
    void filesHoldTheTables(@TempDir Path folder) throws IOException {
        Fakes fakes = twoSettings();
        Comparison comparison = Comparison.of(fakes, List.of("few", "many"), "");
        Map<String, String> pictures = new ComparisonReport(comparison).write(folder.resolve("two.html"));
        assertThat(pictures).containsKeys("score", "validation");
        Table read = Table.read().csv(folder.resolve("two-differences.csv").toFile());
        assertThat(read.doubleColumn("ci95_high").getDouble(0)).isCloseTo(4.484138, within(1e-5));
        for (String table : List.of("settings", "runs", "metrics")) {
            assertThat(folder.resolve("two-" + table + ".csv")).isNotEmptyFile();
        }
        String html = Files.readString(folder.resolve("two.html"));
        assertThat(html).contains("<td>few a1</td>", "Content-Security-Policy", "<svg ", "<td>A, best, baseline</td>");
        assertThat(html.replaceAll("(?s)<script>/\\*.*?</script>", "")).doesNotContain("src=\"http", "href=\"http");
    }

    @Test
    void aRunThatSumsUpSeedsIsNotOneOfItsExperiment() {
        Fakes fakes = twoSettings().parent("sum", "few");
        assertThat(ids(Comparison.of(fakes, List.of("few"), "").runs())).containsExactly("a1", "a2", "a3");
    }

    /** A sweep's run stands for those below the settings below it, in whatever experiment they are. */
    @Test
    void aSweepStandsForItsFinishedRuns() {
        Fakes fakes = twoSettings().parent("sweep", "few").parent("sa", "few").parent("sb", "many");
        fakes.below("sa", "sweep").below("sb", "sweep");
        for (int seed = 1; seed <= 3; seed++) {
            fakes.below("a" + seed, "sa").below("b" + seed, "sb");
        }
        fakes.end("b3", "KILLED", 1);
        Comparison comparison = Comparison.of(fakes, List.of("few sweep"), "");
        assertThat(ids(comparison.runs())).containsExactly("a1", "a2", "a3", "b1", "b2");
        assertThat(comparison.notes()).containsExactly("of few sweep only finished runs count: 5 finished, 1 killed");
        assertThat(ids(Comparison.of(fakes, List.of("sb", "a1"), "").runs())).containsExactly("b1", "b2", "a1");
    }

    @Test
    void aSweepWithoutAFinishedRunIsRefused() {
        Fakes fakes = twoSettings().parent("sweep", "few").below("a1", "sweep").end("a1", "FAILED", 1);
        assertThatThrownBy(() -> Comparison.of(fakes, List.of("sweep"), ""))
                .hasMessageStartingWith("run sweep (few sweep) has no finished run below it (1 failed), allowed:");
    }

    @Test
    void originsNameOnlyWhatDiffers() {
        Fakes fakes = twoSettings();
        for (String id : List.of("a1", "b1", "b2")) {
            fakes.tag(id, "switchlab.libtorch", "2.7.1").tag(id, "mlflow.source.git.commit", "abc");
        }
        fakes.tag("b2", "mlflow.source.git.commit", "def");
        assertThat(origins(fakes, "a1", "b1").isEmpty()).isTrue();
        Table origins = origins(fakes, "a1", "b2");
        assertThat(origins.columnNames()).containsExactly("run", "source.git.commit");
        assertThat(origins.stringColumn("source.git.commit").asList()).containsExactly("abc", "def");
    }

    private static Table origins(Fakes fakes, String... names) {
        return new ComparisonTables(Comparison.of(fakes, List.of(names), "")).origins();
    }
}
