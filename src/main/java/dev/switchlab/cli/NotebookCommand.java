package dev.switchlab.cli;

import dev.switchlab.notebook.Notebooks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs notebooks. */
@Command(
        name = "notebook",
        description =
                "Run notebooks from top to bottom, render them, and compare what they print with what is expected.",
        footer = "Exit code: 0 when all pass, 1 when one fails or there are none.")
final class NotebookCommand implements Callable<Integer> {

    @Mixin
    private EngineOptions engine;

    @Option(
            names = "--notebook",
            paramLabel = "NAME|FILE",
            description = "One notebook, such as tour.",
            defaultValue = "")
    private String notebook;

    @Option(names = "--all", description = "All notebooks of the folder.")
    private boolean all;

    @Option(
            names = "--folder",
            paramLabel = "FOLDER",
            description = "Where notebooks are (default: ${DEFAULT-VALUE}).",
            defaultValue = "jshell")
    private Path folder;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            description = "Where pages are written (default: ${DEFAULT-VALUE}).",
            defaultValue = "target/notebooks")
    private Path out;

    @Option(
            names = "--update",
            description = "Take what a notebook prints as its expected output.")
    private boolean update;

    @Override
    public Integer call() throws IOException {
        Notebooks notebooks = new Notebooks(folder, out, update);
        List<Path> files = all ? notebooks.files() : List.of(notebooks.find(notebook));
        engine.start();
        int failed = 0;
        for (Path file : files) {
            long start = System.nanoTime();
            Notebooks.Verdict verdict = notebooks.run(file);
            System.out.printf(
                    Locale.ROOT,
                    "%-4s  %-28s %5.1f s  %s%s%n",
                    verdict.problem().isPresent() ? "FAIL" : "ok",
                    verdict.name(),
                    (System.nanoTime() - start) / 1e9,
                    verdict.page(),
                    verdict.note().isEmpty() ? "" : "  (" + verdict.note() + ")");
            if (verdict.problem().isPresent()) {
                System.out.println(verdict.problem().get().indent(2).stripTrailing());
                failed++;
            }
        }
        System.out.println((files.size() - failed) + " passed, " + failed + " failed");
        return failed == 0 && !files.isEmpty() ? 0 : 1;
    }
}
