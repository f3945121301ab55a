package dev.switchlab.notebook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.testing.Browser;
import dev.switchlab.testing.NeedsBrowser;
import dev.switchlab.testing.PageChecks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A notebook's page as a person sees it. */
@NeedsBrowser
class NotebookInBrowserTest {

    @TempDir
    private Path folder;

    @Test
    void pageWithTextTablesAndPlots(Browser browser) throws IOException {
        Files.copy(Path.of("jshell/imports.jsh"), folder.resolve("imports.jsh"));
        Path file = folder.resolve("notebook.jsh");
        Files.writeString(file, """
                // %% [markdown]
                // # Plots
                // Text with `code`, and a very long word: 0123456789012345678901234567890123456789012345678901234567890123456789.

                // %%
                import tech.tablesaw.api.*;
                var table = Table.create("t",
                    IntColumn.create("step", 1, 2, 3, 4), DoubleColumn.create("loss", 4, 3, Double.NaN, 2.5),
                    StringColumn.create("a rather long name of a column", "vowel", "<b>", "punctuation mark", "d"),
                    DoubleColumn.create("another rather long name of a column", 0.5, 0.25, 0.125, 0.125));
                table
                plot(table, "step", "loss")
                plot(table, "a rather long name of a column", "another rather long name of a column")
                """);
        Notebooks notebooks = new Notebooks(folder, folder.resolve("out"), true);
        Notebooks.Verdict verdict = notebooks.run(file);
        assertThat(verdict.problem()).isEmpty();
        PageChecks.check(browser, verdict.page());
        List<String> drawings =
                browser.strings("return [...document.querySelectorAll('svg')].map(svg => svg.outerHTML)");
        assertThat(drawings).hasSize(2);
        Path blank = Files.writeString(folder.resolve("blank.html"), "<!DOCTYPE html><body></body>");
        PageChecks.checkDrawings(browser, blank, drawings);
    }
}
