package dev.switchlab.notebook;

import ai.djl.engine.Engine;
import com.github.difflib.DiffUtils;
import com.github.difflib.UnifiedDiffUtils;
import dev.switchlab.io.WholeFile;
import dev.switchlab.notebook.Notebook.Stability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The committed page of a notebook, with which a new page is compared. Outputs tagged {@code unstable} are not
 * compared; outputs tagged {@code rounding} are compared only on the kind of processor that the page was made on,
 * because other kernels round differently.
 */
final class Expected {

    static final String END = "<!-- end of output -->";
    private static final String BEGIN = "<!-- output%s -->";
    private static final String MADE_ON = "<!-- made on ";
    private static final Pattern CPU_FIELDS = Pattern.compile("(vendor_id|cpu family|model)\\s*:\\s*(.*)");
    private static final int CONTEXT = 3;

    private Expected() {}

    static String begin(Stability stability) {
        return BEGIN.formatted(
                stability == Stability.STABLE ? "" : ": " + stability.name().toLowerCase(Locale.ROOT));
    }

    /** Writes {@code markdown} to {@code file}, whole or not at all. */
    static void write(Path file, String markdown) throws IOException {
        WholeFile.write(file, page(markdown));
    }

    private static String page(String markdown) {
        return MADE_ON + platform() + " -->\n\n" + without(Stability.UNSTABLE, markdown);
    }

    /** A unified diff from {@code file} to {@code markdown}; empty if they are equal. */
    static List<String> differences(Path file, String markdown) throws IOException {
        if (!Files.exists(file)) {
            return List.of(file + ": there is no expected output yet; check the page and accept it with UPDATE=true");
        }
        String expected = Files.readString(file);
        String actual = page(markdown);
        if (!isFromHere(expected)) {
            expected = without(Stability.ROUNDING, expected);
            actual = without(Stability.ROUNDING, actual);
        }
        List<String> before = body(expected);
        List<String> after = body(actual);
        return UnifiedDiffUtils.generateUnifiedDiff(
                file.toString(), "this run", before, DiffUtils.diff(before, after), CONTEXT);
    }

    /** Whether {@code file} was made on this kind of processor, so that outputs tagged rounding are compared. */
    static boolean isComparable(Path file) throws IOException {
        return Files.exists(file) && isFromHere(Files.readString(file));
    }

    private static boolean isFromHere(String expected) {
        return expected.startsWith(MADE_ON + platform() + " -->");
    }

    private static List<String> body(String page) {
        return page.lines().filter(line -> !line.startsWith(MADE_ON)).toList();
    }

    private static String without(Stability stability, String markdown) {
        String begin = begin(stability);
        return Pattern.compile(Pattern.quote(begin) + ".*?" + Pattern.quote(END), Pattern.DOTALL)
                .matcher(markdown)
                .replaceAll(begin + "\n\n*(not compared)*\n\n" + END);
    }

    /** What decides the rounding of float32 sums: architecture, kind of processor, PyTorch. */
    static String platform() {
        String kind = System.getProperty("os.arch");
        Path cpuInfo = Path.of("/proc/cpuinfo");
        if (Files.isReadable(cpuInfo)) {
            try (Stream<String> lines = Files.lines(cpuInfo)) {
                kind += ", "
                        + lines.map(CPU_FIELDS::matcher)
                                .filter(Matcher::matches)
                                .map(field ->
                                        field.group(1) + " " + field.group(2).strip())
                                .distinct()
                                .sorted()
                                .collect(Collectors.joining(", "));
            } catch (IOException | UncheckedIOException e) {
                kind += ", unknown processor";
            }
        }
        return kind + ", PyTorch " + Engine.getInstance().getVersion();
    }
}
