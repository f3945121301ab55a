package dev.switchlab.notebook;

import dev.switchlab.io.WholeFile;
import dev.switchlab.lab.LabException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The notebooks of a folder: runs them, renders them, holds them against their expected output.
 *
 * @param folder where {@code *.jsh} notebooks, {@code imports.jsh} and {@code expected/} are
 * @param target where pages are written
 * @param update whether what a notebook prints becomes its expected output
 */
public record Notebooks(Path folder, Path target, boolean update) {

    private static final List<String> NO_NOTEBOOKS = List.of("imports", "startup", "prompt");

    /**
     * What came of one notebook.
     *
     * @param name the notebook's name
     * @param page its page as HTML
     * @param problem why it failed, in lines; empty when all is well
     * @param note what a person should know even so, or empty
     */
    public record Verdict(String name, Path page, Optional<String> problem, String note) {}

    /** All notebooks, by name. */
    public List<Path> files() {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, "*.jsh")) {
            for (Path file : stream) {
                if (!NO_NOTEBOOKS.contains(name(file))) {
                    files.add(file);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list the notebooks in " + folder, e);
        }
        Collections.sort(files);
        return files;
    }

    private static String name(Path file) {
        return file.getFileName().toString().replaceFirst("\\.jsh$", "");
    }

    /** The notebook that {@code text} names: a path, a name, or a part of a name that only one has. */
    public Path find(String text) {
        Path path = Path.of(text);
        if (text.endsWith(".jsh") && Files.isRegularFile(path)) {
            return path;
        }
        List<Path> matching =
                files().stream().filter(file -> name(file).contains(text)).toList();
        if (text.isBlank() || matching.size() != 1) {
            throw new LabException("NB is '" + text + "', which "
                    + (text.isBlank() ? "names no" : "fits " + matching.size())
                    + " notebook; allowed: "
                    + String.join(", ", files().stream().map(Notebooks::name).toList())
                    + " or the path of a .jsh file, for example NB=tour");
        }
        return matching.get(0);
    }

    /** Runs one notebook in a book of runs of its own and writes its pages. */
    public Verdict run(Path file) throws IOException {
        Notebook notebook = Notebook.read(file);
        Path runs = Files.createTempDirectory("switchlab-notebook");
        NotebookResult result;
        try {
            result = new NotebookRunner(folder.resolve("imports.jsh"), runs).run(notebook);
        } finally {
            delete(runs);
        }
        String markdown = NotebookPage.markdown(result);
        WholeFile.write(target.resolve(notebook.name() + ".md"), markdown);
        Path page = target.resolve(notebook.name() + ".html");
        WholeFile.write(page, NotebookPage.html(result));
        if (result.failure().isPresent()) {
            return new Verdict(notebook.name(), page, result.failure(), "");
        }
        Path expected = file.resolveSibling("expected").resolve(notebook.name() + ".md");
        if (update) {
            Expected.write(expected, markdown);
            return new Verdict(notebook.name(), page, Optional.empty(), "expected output written to " + expected);
        }
        List<String> differences = Expected.differences(expected, markdown);
        if (differences.isEmpty()) {
            String note = Expected.isComparable(expected)
                    ? ""
                    : "outputs tagged rounding not compared: the expected output was made on another kind of processor";
            return new Verdict(notebook.name(), page, Optional.empty(), note);
        }
        String problem = file + ": the output differs from " + expected + "\n" + String.join("\n", differences)
                + "\nif that is as it should be: make notebook NB=" + notebook.name() + " UPDATE=true";
        return new Verdict(notebook.name(), page, Optional.of(problem), "");
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
