package dev.switchlab.notebook;

import dev.switchlab.lab.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A {@code .jsh} file in percent format: {@code // %% [markdown]} begins text (each line a comment), {@code // %%}
 * begins code.
 */
record Notebook(Path file, List<Cell> cells) {

    private static final Pattern MARKER = Pattern.compile("// ?%%(.*)");
    private static final String MARKDOWN = "[markdown]";

    /** How far the output of a cell is reproducible. */
    enum Stability {
        /** On any machine. */
        STABLE,
        /** On one kind of processor: numbers that depend on the rounding of float32 sums, as in a trained model. */
        ROUNDING,
        /** Never: ids, times, speeds. */
        UNSTABLE
    }

    /**
     * One cell.
     *
     * @param markdown whether it is text
     * @param line the line in the file, from 1, on which {@code source} begins
     * @param source the code, or the text without its comment marks
     */
    record Cell(boolean markdown, Stability stability, int line, String source) {}

    /** Reads a notebook; {@link LabException} where a marker is wrong or code stands before the first. */
    static Notebook read(Path file) throws IOException {
        List<Cell> cells = new ArrayList<>();
        List<String> lines = Files.readAllLines(file);
        int at = 0;
        while (at < lines.size() && lines.get(at).isBlank()) {
            at++;
        }
        while (at < lines.size()) {
            Matcher marker = MARKER.matcher(lines.get(at));
            if (!marker.matches()) {
                throw new LabException(
                        file + ":" + (at + 1) + ": a notebook begins with a marker, // %% or // %% [markdown]");
            }
            int first = at + 1;
            int end = first;
            while (end < lines.size() && !MARKER.matcher(lines.get(end)).matches()) {
                end++;
            }
            cells.add(cell(file, first, marker.group(1).strip(), lines.subList(first, end)));
            at = end;
        }
        if (cells.isEmpty()) {
            throw new LabException(file + ": the notebook is empty; it begins with // %% or // %% [markdown]");
        }
        return new Notebook(file, cells);
    }

    private static Cell cell(Path file, int markerLine, String marker, List<String> lines) {
        if (marker.equals(MARKDOWN)) {
            List<String> text = new ArrayList<>();
            for (int i = 0; i < lines.size(); i++) {
                String line = lines.get(i);
                if (!line.isBlank() && !line.startsWith("//")) {
                    throw new LabException(
                            file + ":" + (markerLine + 1 + i) + ": a line of a markdown cell begins with //");
                }
                text.add(line.replaceFirst("^// ?", ""));
            }
            return new Cell(
                    true,
                    Stability.STABLE,
                    markerLine + 1,
                    String.join("\n", text).strip());
        }
        return new Cell(false, stability(file, markerLine, marker), markerLine + 1, String.join("\n", lines));
    }

    private static Stability stability(Path file, int markerLine, String marker) {
        return switch (marker) {
            case "" -> Stability.STABLE;
            case "tags=[\"rounding\"]" -> Stability.ROUNDING;
            case "tags=[\"unstable\"]" -> Stability.UNSTABLE;
            default ->
                throw new LabException(file + ":" + markerLine + ": unknown cell marker '" + marker
                        + "', allowed: [markdown], tags=[\"rounding\"], tags=[\"unstable\"] or nothing");
        };
    }
}
