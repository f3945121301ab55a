package dev.switchlab.paper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.sweep.Sweep;
import dev.switchlab.sweep.SweepRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class QuestionTest {

    private static final Path EXPERIMENTS = Path.of("experiments");

    @TempDir
    Path folder;

    static List<Question> questions() {
        return Question.all(EXPERIMENTS);
    }

    @Test
    void eighteenOfThem() {
        assertThat(questions())
                .extracting(Question::number)
                .containsExactlyElementsOf(IntStream.rangeClosed(1, 18).boxed().toList());
        // The sweep knows where its file is.
        assertThat(questions().get(0).sweep().name()).isEqualTo("paper/01-switch-against-dense");
    }

    /** Names and values of every run are right, and each variant has at least three seeds. */
    @ParameterizedTest
    @MethodSource("questions")
    void eachExpandsToRuns(Question question) {
        Sweep sweep = Sweep.of(question.sweep(), EXPERIMENTS);
        Sweep changed = Sweep.of(question.changed(Map.of("corpus", "/a/text")).sweep(), EXPERIMENTS);
        assertThat(changed.runs())
                .hasSameSizeAs(sweep.runs())
                .allSatisfy(run -> assertThat(run.experiment().corpus())
                        .isEqualTo("dickens".equals(run.overrides().get("corpus")) ? "dickens" : "/a/text"));
        assertThat(sweep.settings().values())
                .hasSize(Math.max(
                        question.sweep().variants().size(),
                        question.sweep().experiments().size()))
                .allSatisfy(children -> assertThat(children).hasSizeGreaterThanOrEqualTo(3));
        assertThat(sweep.runs())
                .extracting(SweepRun::variant)
                .containsAll(question.sweep().variants().keySet());
        assertThat(question.question()).endsWith("?");
    }

    @ParameterizedTest
    @MethodSource("questions")
    void aQuickLookHasATwentiethOfTheStepsAndTwoSeeds(Question question) {
        Sweep whole = Sweep.of(question.sweep(), EXPERIMENTS);
        Sweep quick = Sweep.of(question.quick(EXPERIMENTS).sweep(), EXPERIMENTS);
        assertThat(quick.settings()).hasSameSizeAs(whole.settings());
        assertThat(quick.spec().seeds()).hasSize(2);
        for (SweepRun child : quick.runs()) {
            SweepRun twin = whole.runs().stream()
                    .filter(other -> other.variant().equals(child.variant()))
                    .findFirst()
                    .orElseThrow();
            assertThat(child.experiment().train().steps())
                    .isEqualTo((int) Math.round(twin.experiment().train().steps() * 0.02));
        }
    }

    @Test
    void aVariantKeepsTheTextThatItNames() throws IOException {
        Path file = Files.writeString(folder.resolve("01-it.yaml"), """
                question: Q?
                paper: Yes.
                baseline: one
                experiments: [smoke]
                variants: {one: model.heads=2, two: corpus=dickens}
                """);
        Question question = Question.read(file).changed(Map.of("corpus", "/a/text", "train.steps", "3"));
        assertThat(Sweep.of(question.sweep(), EXPERIMENTS).runs())
                .extracting(run -> run.experiment().corpus())
                .containsExactly("/a/text", "dickens");
        assertThat(question.sweep().set()).isEqualTo(Map.of("train.steps", "3"));
    }

    @Test
    void someOfThem() {
        List<Question> all = questions();
        assertThat(Question.select(all, " "))
                .hasSize(13)
                .allMatch(question -> question.asked() == Question.Asked.TOGETHER);
        assertThat(Question.select(all, "12, 13"))
                .extracting(Question::asked)
                .containsExactly(Question.Asked.ON_WHOLE_MACHINE, Question.Asked.BY_NUMBER);
        assertThat(Question.select(all, "3, 1")).extracting(Question::number).containsExactly(3, 1);
        assertThatThrownBy(() -> Question.select(all, "19"))
                .isInstanceOf(ExperimentException.class)
                .hasMessage("QUESTION has '19', allowed: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,"
                        + " 18, for example QUESTION=3 or QUESTION=1,4");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            question: Q?|paper is missing
            baselines: one|baselines
            baseline: two|baseline has 'two', allowed: one
            against: {one: two}|against has 'two', allowed: one
            against: one|against is no mapping
            show: everything|show has 'everything', allowed: training, imbalance
            figures: nice|figures has 'nice', allowed: bars
            asked: nicely|asked has 'nicely', allowed: together, by_number, on_whole_machine
            experiments: [small, smoke]|a question has variants of one experiment, or several experiments, and no grid
            grid: {model.heads: [2, 4]}|a question has variants of one experiment, or several experiments, and no grid
            """)
    void whatIsWrongIsSaidInOneLine(String line, String message) throws IOException {
        String key = line.substring(0, line.indexOf(':'));
        StringBuilder text = new StringBuilder("variants: {one: model.heads=2}\n" + line + "\n");
        for (String other : List.of("experiments: [small]", "baseline: one", "question: Q?", "paper: Yes.")) {
            boolean isLeftOut = key.equals("question") && other.startsWith("paper");
            text.append(other.startsWith(key + ":") || isLeftOut ? "" : other + "\n");
        }
        Path file = Files.writeString(folder.resolve("01-it.yaml"), text);
        assertThatThrownBy(() -> Question.read(file))
                .isInstanceOf(ExperimentException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aFileOfAnotherNameIsNoQuestion() throws IOException {
        Path paper = Files.createDirectories(folder.resolve("paper"));
        Files.writeString(paper.resolve("README.yaml"), "nothing: here\n");
        assertThat(Question.all(folder)).isEmpty();
        assertThatThrownBy(() -> Question.read(paper.resolve("README.yaml")))
                .hasMessageContaining("two digits and a name");
        assertThatThrownBy(() -> Question.all(folder.resolve("elsewhere"))).hasMessageContaining("there is no folder");
    }
}
