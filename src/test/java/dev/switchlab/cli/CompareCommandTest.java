package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.testing.SweepInBook;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sweep of the book, compared by the commands; nothing in it was trained. */
@Tag("slow")
class CompareCommandTest {

    @TempDir
    Path folder;

    private Commands commands;
    private String sweep;

    @BeforeEach
    void book() throws IOException {
        commands = new Commands(folder);
        try (MirroredBook store = commands.store()) {
            sweep = SweepInBook.make(store);
        }
    }

    /** By its name, which has spaces and commas, and by its id. */
    @Test
    void aSweepIsComparedBySetting() throws Exception {
        for (String name : List.of(SweepInBook.NAME, sweep.substring(0, 10))) {
            assertThat(commands.run("compare", "--compare", name, "--baseline", "n_experts=4"))
                    .as(commands.output())
                    .isZero();
            assertThat(commands.output())
                    .contains(
                            "4 runs of 2 settings;",
                            "\nA    2             2  2.8150 +- ",
                            "\nB *  4             2  2.6150")
                    .contains("differences to B n_experts=4, paired over seeds")
                    .containsPattern("\nA +2  \\+0.2000 \\+- 0.0000 +worse");
        }
        assertThat(commands.runs().resolve("reports/compare-settings.csv"))
                .content()
                .contains("\nA,,2,2,final/");
        assertThat(commands.runs().resolve("reports/compare.html")).content().contains("<td>B, best, baseline</td>");
    }

    /** Kept with it, as the report of a training is with its run. */
    @Test
    void aSweepHasAReport() throws Exception {
        assertThat(commands.run("report", "--run", sweep)).as(commands.output()).isZero();
        assertThat(commands.artifact(sweep, "report.html"))
                .contains("<h1>" + SweepInBook.NAME + "</h1>", "final/cross_entropy by model.n_experts");
        assertThat(commands.artifact(sweep, "figures/score.svg")).startsWith("<svg");
        assertThat(commands.artifact(sweep, "report-differences.csv").lines()).hasSize(4);
    }

    @Test
    void aBaselineThatIsNoneIsRefusedInOneLine() throws Exception {
        assertThat(commands.run("compare", "--compare", sweep, "--baseline", "x=1"))
                .isNotZero();
        assertThat(commands.output().lines())
                .singleElement()
                .asString()
                .contains("BASELINE 'x=1' is none of the settings");
        assertThat(Files.exists(commands.runs().resolve("reports/compare.html")))
                .isFalse();
    }

    @Test
    void namesAreSplitAtSpacesAndCommasOutsideOfQuotes() {
        assertThat(BookOptions.SeveralRuns.split(" 3f2a,91bc  \"smoke a=1,2 seeds 1..3\" 'two words' dense"))
                .containsExactly("3f2a", "91bc", "smoke a=1,2 seeds 1..3", "two words", "dense");
        assertThat(BookOptions.SeveralRuns.split(" ")).isEmpty();
    }
}
