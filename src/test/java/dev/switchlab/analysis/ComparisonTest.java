package dev.switchlab.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.switchlab.page.TextTable;
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
    private static final String THREADS = "runs differ in threads: their times do not compare";

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

    private static ComparisonTables tables(Fakes fakes, String... names) {
        return new ComparisonTables(Comparison.of(fakes, List.of(names), ""));
    }

    /** Student's t with 2 degrees of freedom: 4.302653 / sqrt(3) = 2.4841. */
    @Test
    void settingsArePairedBySeed() {
        Comparison comparison = Comparison.of(twoSettings(), List.of("few", "many"), "");
        assertThat(text(new ComparisonTables(comparison).differences())).isEqualTo("""
                difference  metric               pairs  mean  ci95_low  ci95_high  verdict
                B - A       valid/cross_entropy      3     2   -0.4841     4.4841  undecided""");
        assertThat(comparison.notes()).containsExactly(THREADS);
    }

    /** Time and speed are medians: a run that stood still for a while does not count. */
    @Test
    void aSettingHasMeanIntervalBestTimeAndSpeed() {
        Fakes fakes = twoSettings();
        for (int seed = 1; seed <= 3; seed++) {
            fakes.end("b" + seed, "FINISHED", seed == 3 ? 900 : 10 + seed)
                    .metric("b" + seed, "train/tokens_per_second", 1, 100 * seed, 100 * seed, 9999);
        }
        Table settings = tables(fakes, "few", "many").settings();
        assertThat(text(settings.rejectColumns("setting", "experiment", "model.n_experts", "metric", "ci95_low")))
                .isEqualTo("""
                mark            runs  mean  ci95_high  best  best_run  seconds  tokens_per_second
                best, baseline     3     4          4     4  a1
                                   3     6     8.4841     5  b1             12                200""");
        assertThat(settings.stringColumn("metric").asList()).containsExactly(LOSS, LOSS);
    }

    @Test
    void finalIsTheLastStepAndBestTheLeastLoss() {
        assertThat(text(tables(twoSettings(), "a1", "b1").metrics())).isEqualTo("""
                metric               run  setting  final  best  best_step
                valid/cross_entropy  a1   A            4     2         20
                valid/cross_entropy  b1   B            5     5         30""");
    }

    @Test
    void runsAreSortedIntoSettings() {
        assertThat(text(tables(twoSettings(), "a1", "b2", "a2").runs().rejectColumns("name")))
                .isEqualTo("""
                run  setting  seed  threads  experiment  model.n_experts  status    valid/cross_entropy  seconds
                a1   A        1     1        few         2                FINISHED                    4
                a2   A        2     1        few         2                FINISHED                    4
                b2   B        2     2        many        4                FINISHED                    6""");
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
        assertThat(comparison.notes())
                .hasSize(2)
                .contains(THREADS)
                .first()
                .asString()
                .startsWith("B has no seed in common with A");
        assertThat(text(tables(twoSettings(), "a1", "b1").differences())).isEqualTo("""
                difference  metric               pairs  mean  ci95_low  ci95_high  verdict
                B - A       valid/cross_entropy      1     1                       needs two seeds""");
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
        Table differences = tables(fakes, "a", "b").differences();
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
        Table settings = new ComparisonTables(comparison).settings();
        assertThat(settings.doubleColumn("mean").getDouble(0)).isEqualTo(4);
        assertThat(settings.intColumn("runs").getInt(0)).isEqualTo(3);
        assertThat(comparison.notes())
                .containsExactly(
                        "A has a seed more than once: the first finished run of each counts, 1 other does not",
                        THREADS);
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
        assertThat(comparison.notes())
                .containsExactly("of few sweep only finished runs count: 5 finished, 1 killed", THREADS);
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
        assertThat(tables(fakes, "a1", "b1").origins().isEmpty()).isTrue();
        assertThat(text(tables(fakes, "a1", "b2").origins())).isEqualTo("""
                run  source.git.commit  threads
                a1   abc                1
                b2   def                2""");
    }

    private static String text(Table table) {
        return TextTable.of(table).text();
    }
}
