package dev.switchlab.notebook;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.switchlab.io.WholeFile;
import dev.switchlab.lab.LabException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The notebooks of a folder: runs and renders them, and compares them with their expected output.
 *
 * @param folder of {@code *.jsh} notebooks, {@code imports.jsh} and {@code expected/}
 * @param target folder for the pages
 * @param update whether the output of a notebook replaces its expected output
 */
public record Notebooks(Path folder, Path target, boolean update) {

    private static final List<String> NO_NOTEBOOKS = List.of("imports", "startup", "prompt");

    /**
     * The outcome of one notebook.
     *
     * @param page its page as HTML
     * @param problem why it failed, in lines; empty for success
     * @param note a remark on a success, or empty
     */
    public record Verdict(String name, Path page, Optional<String> problem, String note) {}

    /** All notebooks, by name. */
    public List<Path> files() {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> file.toString().endsWith(".jsh")
                            && !NO_NOTEBOOKS.contains(MoreFiles.getNameWithoutExtension(file)))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list the notebooks in " + folder, e);
        }
    }

    /** The notebook of a path, a name or an unambiguous part of a name. */
    public Path find(String text) {
        Path path = Path.of(text);
        if (text.endsWith(".jsh") && Files.isRegularFile(path)) {
            return path;
        }
        List<Path> matching = files().stream()
                .filter(file -> MoreFiles.getNameWithoutExtension(file).contains(text))
                .toList();
        if (text.isBlank() || matching.size() != 1) {
            throw new LabException("NB is '" + text + "', which matches "
                    + (text.isBlank() ? "no" : matching.size())
                    + " notebook; allowed: "
                    + String.join(
                            ", ",
                            files().stream()
                                    .map(MoreFiles::getNameWithoutExtension)
                                    .toList())
                    + " or the path of a .jsh file, for example NB=tour");
        }
        return matching.get(0);
    }

    /** Runs one notebook in a book of runs of its own and writes its pages. */
    public Verdict run(Path file) throws IOException {
        Notebook notebook = Notebook.read(file);
        String name = MoreFiles.getNameWithoutExtension(file);
        Path runs = Files.createTempDirectory("switchlab-notebook");
        NotebookRunner.Result result;
        try {
            result = NotebookRunner.run(notebook, folder.resolve("imports.jsh"), runs);
        } finally {
            MoreFiles.deleteRecursively(runs, RecursiveDeleteOption.ALLOW_INSECURE);
        }
        String markdown = NotebookPage.markdown(result);
        WholeFile.write(target.resolve(name + ".md"), markdown);
        Path page = target.resolve(name + ".html");
        WholeFile.write(page, NotebookPage.html(result));
        Path expected = file.resolveSibling("expected").resolve(name + ".md");
        Optional<String> problem = result.failure();
        String note = "";
        if (problem.isEmpty() && update) {
            Expected.write(expected, markdown);
            note = "expected output written to " + expected;
        } else if (problem.isEmpty()) {
            List<String> differences = Expected.differences(expected, markdown);
            if (!differences.isEmpty()) {
                problem = Optional.of(file + ": the output differs from " + expected + "\n"
                        + String.join("\n", differences)
                        + "\nif the new output is correct: make notebook NB=" + name + " UPDATE=true");
            } else if (!Expected.isComparable(expected)) {
                note =
                        "outputs tagged rounding not compared: the expected output was made on another kind of processor";
            }
        }
        return new Verdict(name, page, problem, note);
    }
}
