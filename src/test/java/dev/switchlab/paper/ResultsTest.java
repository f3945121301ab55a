package dev.switchlab.paper;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.Multimap;
import dev.switchlab.analysis.Fakes;
import dev.switchlab.analysis.Setting;
import dev.switchlab.sweep.SweepSpec;
import dev.switchlab.sweep.SweepSpec.Grid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written of runs whose scores are known. */
class ResultsTest {

    @TempDir
    Path folder;

    private final FakeRuns runs = new FakeRuns();
    private final Setting base = runs.variant("base", "model.n_experts=4", 2.0, 2.2, 2.1);
    /** Better by 0.1 with each seed, though the seeds are farther apart than that. */
    private final Setting better = runs.variant("better", "model.n_experts=8", 1.9, 2.101, 1.999);

    private final Setting worse = runs.variant("worse", "model.n_experts=2", 2.1, 2.3, 2.201);
    /** Higher and lower, seed by seed. */
    private final Setting inside = runs.variant("inside", "model.n_experts=16", 2.0018, 2.2003, 2.0985);

    private static Question question(String baseline) {
        return question(baseline, Map.of(), List.of());
    }

    private static Question question(
            String baseline, Map<String, String> against, List<Column> columns, Question.Figure... figures) {
        return question(baseline, against, Double.NaN, columns, figures);
    }

    private static Question question(
            String baseline,
            Map<String, String> against,
            double margin,
            List<Column> columns,
            Question.Figure... figures) {
        SweepSpec request = SweepSpec.of(List.of("paper"), Map.of(), Grid.NONE, List.of(1L, 2L, 3L));
        return new Question(
                3,
                "it",
                "Is it so?",
                "It is.",
                "yes",
                "",
                baseline,
                "better",
                against,
                margin,
                "Sizes were fixed.",
                Question.Asked.TOGETHER,
                columns,
                List.of(figures),
                request);
    }

    private QuestionSection section(Answer answer) {
        return new QuestionSection(answer, QuestionSection.rows(List.of(answer)));
    }

    private String text(Answer answer) {
        return section(answer).text(List.of("![a](figures/a.svg)"));
    }

    /** R: {@code confint(lm(y ~ variant + seed))}. */
    @Test
    void aDifferenceWhoseIntervalContainsZeroIsUndecided() {
        Answer answer = runs.answer(question("base"), 0, base, better, worse, inside);
        assertThat(section(answer).sentence())
                .isEqualTo("Compared with **base** (2.1000 +- 0.2484): better: better (-0.1000 +- 0.0021);"
                        + " worse: worse (+0.1003 +- 0.0021); undecided:"
                        + " inside (+0.0002 +- 0.0021).");
        assertThat(text(answer))
                .contains("## 3. Is it so?", "The paper: It is.")
                .contains("Protocol: seeds 1 to 3, no margin. Sizes were fixed.")
                .contains("| A | base | 3 | 2.1000 +- 0.2484 | baseline |  |  |")
                .contains("| B | better | 3 | **2.0000 +- 0.2497** | -0.1000 +- 0.0021 | better |  |")
                .contains("| D | inside | 3 | 2.1002 +- 0.2466 | +0.0002 +- 0.0021 | undecided |  |")
                .contains("![a](figures/a.svg)\n")
                .doesNotContain("missing");
    }

    /** What experts know of the kind of character stands beside what those know that have not learned. */
    @Test
    void specializationStandsBesideTheUntrainedRouterAndAHash() {
        runs.routing(base, Fakes.routing(0, 4, 1, List.of("xabab"), new int[] {0, 0, 0, 1, 1}))
                .routing(base, Fakes.routing(9, 4, 1, List.of("xabab"), new int[] {0, 1, 2, 1, 2}));
        Question question = question("base", Map.of(), List.of(Column.INFORMATION, Column.UNTRAINED, Column.HASHED));
        assertThat(text(runs.answer(question, 0, base, better)))
                .contains("| difference |  | information | at step 0 | by hash of the character | training |")
                .contains("| baseline |  | 1.000 | 0.000 | 0.750 |  |")
                .contains("| A | 1 | 1.0000 | 0.0000 | 0.7500 | 9 |");
    }

    @Test
    void aDifferenceWithinTheMarginIsEquivalent() {
        Question question = question("base", Map.of(), 0.01, List.of());
        Answer answer = runs.answer(question, 0, base, better, inside);
        assertThat(section(answer).sentence()).contains("better: better (-0.1", "equivalent: inside (+0.0002");
    }

    /** The level of a page: what is better alone need not be so among others. */
    @Test
    void moreComparisonsAskForMore() {
        Answer answer = runs.answer(question("base"), 0, base, better);
        double p = answer.comparison().pValues().findFirst().orElseThrow();
        assertThat(section(answer.at(p)).sentence()).contains("better: better");
        assertThat(section(answer.at(p / 2)).sentence()).contains("undecided: better");
    }

    /**
     * Within each kind of model, say: every baseline has a sentence of its own, and its letter is said in the table.
     */
    @Test
    void aVariantMayHaveAnotherBaseline() {
        Question question = question("base", Map.of("inside", "worse"), List.of());
        Answer answer = runs.answer(question, 0, inside, base, worse);
        assertThat(section(answer).sentence())
                .isEqualTo("Compared with **base** (2.1000 +- 0.2484): worse: worse (+0.1003 +- 0.0026)."
                        + " Compared with **worse** (2.2003 +- 0.2484): better: inside (-0.1001 +- 0.0026).");
        assertThat(text(answer))
                .contains("| A | inside | 3 | 2.1002 +- 0.2466 | -0.1001 +- 0.0026 to C | better |")
                .contains("| C | worse | 3 | 2.2003 +- 0.2484 | +0.1003 +- 0.0026 | worse |");
    }

    /** One seed has no interval, and a variant without a partner no difference. */
    @Test
    void withoutTwoCommonSeedsNothingIsClaimed() {
        Setting single = runs.variant("single", "model.n_experts=8", 1.0);
        Answer answer = runs.answer(question("base"), 2, base, single);
        assertThat(section(answer).sentence())
                .endsWith("needs two seeds: single (-1.0000).")
                .doesNotContain("better");
        assertThat(text(answer))
                .contains("| B | single | 1 | **1.0000** | -1.0000 | needs two seeds |  |")
                .contains("**2 runs are missing**: `make paper QUESTION=3`");
    }

    @Test
    void aNumberCanBeHadAgain() {
        Answer answer = runs.answer(question("base"), 0, base, better);
        assertThat(text(answer))
                .contains("better with seed 1, 1.9:\n\n    make train EXPERIMENT=paper SEED=1"
                        + " SET=model.n_experts=8 THREADS=1\n")
                .contains("| A | `paper model.n_experts=4` | 1: "
                        + base.runs().get(0).shortId() + " 2.0000, 2: ")
                .doesNotContain("/a/place");
    }

    @Test
    void aTextOfItsOwnIsPartOfTheCommand() {
        Setting other = runs.variant("Dickens", "corpus=dickens", 1.9, 2.1);
        assertThat(text(runs.answer(question("Dickens"), 0, other)))
                .contains(" SET=corpus=dickens THREADS=1\n", "| A | `paper corpus=dickens` |");
    }

    @Test
    void measuresOfTheSecondHalfOfTraining() {
        runs.history(base, "layer0/max_violation", 9, 9, 1, 2)
                .history(base, "layer1/max_violation", 9, 9, 3, 2)
                .history(base, "layer0/dropped_fraction", 0.9, 0.9, 0.1, 0.2)
                .history(base, "train/tokens_per_second", 0.5, 1, 2, 3, 4, 5, 6, 7, 8, 204_800, 102_400)
                .history(base, "final/train_cross_entropy", 1.75);
        List<Column> columns =
                List.of(Column.IMBALANCE, Column.DROPPED, Column.SPEED, Column.TRAINING, Column.SPREAD, Column.WALL);
        Answer answer = runs.answer(question("base", Map.of(), columns), 0, base, better);
        assertThat(text(answer))
                .contains(
                        "| max violation | dropped | ms a step | training loss | s.d. over seeds | wall clock | training |")
                .contains("| baseline |  | 2.00 | 15.0 % | 10.0 | 1.7500 +- 0.0000 | 0.1000 | 10 s to 10 s | 15 s |");
    }

    @Test
    void aLineForEachNameByNumberOfExperts() {
        Setting[] variants = {
            runs.variant("dense", "model.n_experts=1", 2.0, 2.2),
            runs.variant("switch, 4 experts", "model.n_experts=4", 1.9, 2.101),
            runs.variant("switch, 8 experts", "model.n_experts=8", 1.98, 2.1804),
            runs.variant("wide, 8 experts", "model.n_experts=2", 1.7, 1.9)
        };
        Answer answer = runs.answer(question("dense", Map.of(), List.of(), Question.Figure.LINES), 0, variants);
        assertThat(new QuestionFigures(answer).all()).containsOnlyKeys("paper-03-lines");
    }

    @Test
    void rowsOfTheSameRunsAreNamed() {
        Answer answer = runs.answer(question("base"), 0, base, better);
        Answer other = runs.answer(question("worse"), 0, worse, base);
        Multimap<String, String> rows = QuestionSection.rows(List.of(answer));
        rows.putAll(base.runs().get(0).runId(), List.of("5 B", "7 A"));
        assertThat(new QuestionSection(answer, rows).text(List.of()))
                .contains("The same runs as in rows of other questions: A: 5 B, 7 A.\n");
        assertThat(text(other)).doesNotContain("The same runs");
    }

    /** The file names the processor, adds up times, and says of a quick look that it means nothing. */
    @Test
    void theWholeFile() throws IOException {
        runs.history(base, "train/tokens_per_second", 102_400).history(better, "train/tokens_per_second", 204_800);
        Answer first = runs.answer(question("base", Map.of(), List.of(), Question.Figure.BARS), 0, base, better);
        Answer none = runs.answer(question("base"), 6);
        Path file = folder.resolve("RESULTS.md");
        new Results(List.of(first, first, none), false).write(file);
        assertThat(file)
                .content()
                .contains("| processor | a processor |", "| runs | 6 (6 missing), each with 1 thread |")
                .contains("| time | 1:08 min of training in all runs together |", "| commit | abcdef01 |")
                .contains("| begun, ended | 1970-01-01 00:00 UTC, 1970-01-01 00:00 UTC |")
                .contains("| text | sha256 0123456789abcdef |")
                .contains(
                        "| [3. Is it so?](#3-is-it-so) | yes | better less base: -0.1000 +- 0.0025 | better |",
                        "| [3. Is it so?](#3-is-it-so) | yes | not run yet |  |")
                .contains("![Means with intervals, nats per character by variant: A 2.100 (1.852 to 2.348);")
                .doesNotContain("mean nothing");
        assertThat(folder.resolve("figures/paper-03-bars.svg")).content().startsWith("<svg");

        String before = Files.readString(file);
        new Results(List.of(first, first, none), false).write(file);
        assertThat(file).hasContent(before);

        new Results(List.of(first), true).write(file);
        assertThat(file).content().contains("Its numbers mean nothing");
    }

    /** Losses 1 + E^-0.5, and a tenth more with the second seed. */
    @Test
    void theFitOverExpertsIsWrittenAndDrawn() throws IOException {
        Setting[] variants = {
            runs.variant("dense", "model.n_experts=1", 2.0, 2.1),
            runs.variant("switch, 4 experts", "model.n_experts=4", 1.5, 1.6),
            runs.variant("switch, 16 experts", "model.n_experts=16", 1.25, 1.35),
            runs.variant("switch, 64 experts", "model.n_experts=64", 1.125, 1.225)
        };
        Question question = question("dense", Map.of(), List.of(), Question.Figure.FIT);
        Path file = folder.resolve("RESULTS.md");
        new Results(List.of(runs.answer(question, 0, variants)), false).write(file);
        assertThat(Files.readString(file))
                .contains("L(E) = 1.050 [1.000 1.100] + 1.000 [1.000 1.000] E^-0.50 [0.50 0.50]")
                .contains("(figures/paper-03-fit.svg)");
        assertThat(folder.resolve("figures/paper-03-fit.svg")).content().contains("table 7, c + a E^-b");
    }
}
