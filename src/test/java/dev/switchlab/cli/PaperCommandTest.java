package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Questions from their files to their page, as a process with children that are processes. */
@Tag("slow")
class PaperCommandTest {

    @TempDir
    Path folder;

    private Commands commands;
    private Path experiments;

    @BeforeEach
    void questions() throws IOException {
        commands = new Commands(folder);
        experiments = Files.createDirectories(folder.resolve("experiments"));
        Files.createDirectories(experiments.resolve("paper"));
        Files.writeString(experiments.resolve("tiny.yaml"), """
                semantics: paper
                corpus: dickens
                train_fraction: 0.99
                model: {d_model: 8, heads: 2, d_ff: 8, n_layers: 1, n_experts: 2}
                train: {steps: 40, batch_size: 4, seq_len: 16, eval_batches: 1, sample_every: 0, sample_length: 5}
                """);
        question("01-experts", "model.n_experts=2", "model.n_experts=4");
        question("02-heads", "model.n_experts=2", "model.heads=1");
    }

    private void question(String name, String one, String other) throws IOException {
        Files.writeString(experiments.resolve("paper/" + name + ".yaml"), """
                question: %s?
                paper: Perhaps.
                baseline: this
                show: imbalance speed parameters
                figures: bars
                experiments: [tiny]
                variants:
                  this: %s
                  that: %s
                seeds: 1..2
                """.formatted(name, one, other));
    }

    private String[] paper(String... more) {
        List<String> call = new ArrayList<>(List.of("paper", "--experiments", experiments.toString()));
        call.addAll(List.of(more));
        return call.toArray(String[]::new);
    }

    private List<Run> trained() {
        try (MirroredBook store = commands.store()) {
            return store.book().runs(Optional.empty(), Integer.MAX_VALUE).stream()
                    .filter(run -> !run.isSummary())
                    .toList();
        }
    }

    /** One question, then all: shared runs are trained once, and each call writes the results of all questions. */
    @Test
    void questionsShareRuns() throws Exception {
        commands.succeed(paper("--question", "2"));
        Path results = experiments.resolve("results/RESULTS.md");
        assertThat(trained()).hasSize(4);
        assertThat(results)
                .content()
                .contains("## 1. 01-experts?", "**2 runs are missing**: `make paper QUESTION=1`")
                .contains("## 2. 02-heads?", "SEED=1");
        assertThat(experiments.resolve("results/figures/paper-02-bars.svg")).exists();

        commands.succeed(paper());
        assertThat(commands.output()).contains("question 1  01-experts?", "wrote       " + results);
        assertThat(trained()).hasSize(6).allMatch(Run::isFinished);
        assertThat(results).content().doesNotContain("missing").doesNotContain(folder.toString());

        String before = Files.readString(results);
        commands.succeed(paper());
        assertThat(trained()).hasSize(6);
        assertThat(results).hasContent(before);
    }

    /** What was recorded elsewhere is not trained again, until its question asks for something else. */
    @Test
    void recordedRunsCountWithoutTheirBook() throws Exception {
        commands.succeed(paper("--question", "1"));
        String before = Files.readString(experiments.resolve("results/RESULTS.md"));
        assertThat(experiments.resolve("results/data/01-experts.csv"))
                .content()
                .startsWith("variant,seed,settings,run,steps,loss,")
                .contains("\nthis,1,");
        MoreFiles.deleteRecursively(commands.runs(), RecursiveDeleteOption.ALLOW_INSECURE);
        commands.succeed(paper("--question", "1"));
        assertThat(trained()).isEmpty();
        assertThat(experiments.resolve("results/RESULTS.md")).hasContent(before);

        question("01-experts", "model.n_experts=2", "model.n_experts=1");
        commands.succeed(paper("--question", "1"));
        assertThat(trained()).hasSize(2);
    }

    @Test
    void aQuickLookLeavesTheResultsAlone() throws Exception {
        commands.succeed(paper("--quick", "--question", "1"));
        assertThat(experiments.resolve("results/RESULTS.md")).doesNotExist();
        assertThat(commands.runs().resolve("reports/paper-quick.md")).content().contains("Its numbers mean nothing");
        assertThat(trained())
                .hasSize(4)
                .allMatch(run -> run.params().get("train.steps").equals("1"));
    }

    @Test
    void errorsAreReportedInOneLine() throws Exception {
        assertThat(commands.refused(paper("--question", "7")))
                .endsWith("QUESTION has '7', allowed: 1, 2, for example QUESTION=3 or QUESTION=1,4");
        assertThat(commands.refused(paper("--launcher", "slurm"))).contains("LAUNCHER is 'slurm', allowed here: local");
        assertThat(commands.runs()).doesNotExist();
    }

    /** The runs that were finished before the stop are recorded then, and the question still goes on. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGTERM")
    void aStoppedQuestionGoesOn() throws Exception {
        String[] call = paper("--question", "1", "--jobs", "1", "--set", "train.steps=400");
        Process process = commands.start(call);
        commands.await(process, () -> trained().stream().anyMatch(Run::isFinished));
        process.destroy();
        commands.end(process);
        assertThat(experiments.resolve("results/data/01-experts.csv")).content().contains("\nthis,1,");

        commands.succeed(call);
        assertThat(trained()).hasSize(4).allMatch(Run::isFinished);
        assertThat(experiments.resolve("results/RESULTS.md"))
                .content()
                .doesNotContain("missing**: `make paper QUESTION=1`");
    }

    /** A question that begins with a run of another: that run is trained first, and both are found again. */
    @Test
    void aQuestionBuildsOnARunOfAnother() throws Exception {
        question("03-tuned", "init_from='1/this/2'", "init_from='1/this/2' model.expert_dropout=0.4");
        commands.succeed(paper("--question", "3"));
        List<Run> trained = trained();
        assertThat(trained).hasSize(5);
        Run first = trained.stream()
                .filter(run -> run.params().get("init_from").equals("none"))
                .findFirst()
                .orElseThrow();
        assertThat(first.tags()).containsEntry("switchlab.alias", "1/this/2");
        assertThat(trained)
                .filteredOn(run -> run.params().get("init_from").equals("1/this/2"))
                .hasSize(4)
                .allSatisfy(run -> assertThat(run.params()).containsEntry("init_from.run", first.runId()));
        commands.succeed(paper("--question", "3"));
        assertThat(trained()).hasSize(5);
        assertThat(commands.output()).doesNotContain("begins");

        // Of other settings, the model is another one.
        commands.succeed(paper("--question", "3", "--set", "train.steps=20"));
        assertThat(trained()).hasSize(10);
        assertThat(trained())
                .filteredOn(run -> "1/this/2".equals(run.tags().get("switchlab.alias")))
                .singleElement()
                .satisfies(run -> assertThat(run.params()).containsEntry("train.steps", "20"));
    }
}
