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
 *
 * @param file where it is
 * @param cells in their order
 */
record Notebook(Path file, List<Cell> cells) {

    private static final Pattern MARKER = Pattern.compile("// ?%%(.*)");
    private static final Pattern TAGS = Pattern.compile("tags=\\[\"(\\w+)\"]");
    private static final String MARKDOWN = "[markdown]";

    /** What may change in a cell's output without the notebook having changed. */
    enum Stability {
        /** Nothing, on any machine. */
        STABLE,
        /**
         * Numbers that hang on how float32 sums round, such as those of a trained model: equal to the bit on one kind
         * of processor, not on another.
         */
        ROUNDING,
        /** Ids, times, speeds: everything. */
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
        Matcher tags = TAGS.matcher(marker);
        if (marker.isEmpty()) {
            return Stability.STABLE;
        }
        if (tags.matches() && tags.group(1).equals("rounding")) {
            return Stability.ROUNDING;
        }
        if (tags.matches() && tags.group(1).equals("unstable")) {
            return Stability.UNSTABLE;
        }
        throw new LabException(file + ":" + markerLine + ": unknown cell marker '" + marker
                + "', allowed: [markdown], tags=[\"rounding\"], tags=[\"unstable\"] or nothing");
    }

    /** The file's name without {@code .jsh}. */
    String name() {
        return file.getFileName().toString().replaceFirst("\\.jsh$", "");
    }
}
