package dev.switchlab.io;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.Signals;
import picocli.CommandLine;

/**
 * Standard output for people, in UTF-8: control characters, which a terminal would obey, print as U+FFFD; on a
 * terminal, long lines break at words. What moves the cursor is written to {@link #raw}.
 */
public final class Screen extends PrintStream {

    private static final Size USUAL = new Size(80, 24);

    /** All but line feed and tabulator, and what changes the direction of writing. */
    private static final Pattern CONTROL =
            Pattern.compile("\\r(?!\\n)|[\\p{Cc}&&[^\\n\\t\\r]]|[\\u061C\\u200E\\u200F\\u2028-\\u202E\\u2066-\\u2069]");

    /** A label and the blanks before its text, below which the text goes on. */
    private static final Pattern LABEL = Pattern.compile(" *\\S+(?: \\S+)*  +|\\S+: |");

    /** Characters of a line behind the prompt of {@code make jshell}, which sets it on a terminal; else 0. */
    public static final int LAB = Integer.getInteger("switchlab.terminal", 0);

    private static final AtomicReference<Size> SIZE = new AtomicReference<>();

    private final PrintStream raw;

    private Screen(PrintStream raw) {
        super(raw, true, StandardCharsets.UTF_8);
        this.raw = raw;
    }

    /** Makes standard output and standard error screens. */
    public static void install() {
        System.setOut(of(System.out));
        System.setErr(of(System.err));
    }

    /** A screen over a stream. */
    public static PrintStream of(OutputStream stream) {
        return new Screen(
                stream instanceof PrintStream raw ? raw : new PrintStream(stream, true, StandardCharsets.UTF_8));
    }

    /** The stream below a screen, for what moves the cursor. */
    public static PrintStream raw(PrintStream stream) {
        return stream instanceof Screen screen ? screen.raw : stream;
    }

    /**
     * Whether there is a terminal that can move its cursor. Picocli distinguishes a terminal from a pipe on every JDK;
     * System.console() does not since JDK 22.
     */
    public static boolean isTerminal() {
        return CommandLine.Help.Ansi.AUTO.enabled() && !"dumb".equals(System.getenv("TERM"));
    }

    /** Characters and lines of the terminal; asked again after its window was resized. */
    public static Size size() {
        Size size = SIZE.get();
        if (size == null) {
            Signals.register("WINCH", () -> SIZE.set(null));
            try (Terminal terminal = TerminalBuilder.builder().dumb(true).build()) {
                size = terminal.getSize();
            } catch (IOException e) {
                size = USUAL;
            }
            size = size.getColumns() > 0 && size.getRows() > 1 ? size : USUAL;
            SIZE.set(size);
        }
        return size;
    }

    /** A text without control characters. */
    public static String visible(String text) {
        return CONTROL.matcher(text).replaceAll("\uFFFD");
    }

    /** A line broken at words; its rest stands below the text after its label. */
    static String folded(String line, int width) {
        Matcher label = LABEL.matcher(line);
        String indent = " ".repeat(label.lookingAt() && label.end() < width / 2 ? label.end() : 0);
        StringBuilder folded = new StringBuilder();
        String rest = line;
        while (rest.length() > width) {
            int end = rest.lastIndexOf(' ', width);
            if (end <= indent.length()) { // one long word
                end = rest.indexOf(' ', width);
            }
            if (end < 0) {
                break;
            }
            folded.append(rest.substring(0, end).stripTrailing()).append('\n');
            rest = indent + rest.substring(end).strip();
        }
        return folded + rest;
    }

    @Override
    public void print(String text) {
        String whole = String.valueOf(text);
        super.print(whole.endsWith("\n") ? fitted(whole) : visible(whole));
    }

    @Override
    public void println(String text) {
        super.print(fitted(text + System.lineSeparator()));
        flush();
    }

    /** Whole lines without control characters; on a terminal, long ones broken at words. */
    public static String fitted(String text) {
        String visible = visible(text);
        int width = LAB > 0 ? LAB : text.length() > USUAL.getColumns() && isTerminal() ? size().getColumns() : 0;
        return width == 0 || visible.lines().allMatch(line -> line.length() <= width)
                ? visible
                : visible.lines().map(line -> folded(line, width)).collect(Collectors.joining("\n"))
                        + (visible.endsWith("\n") ? "\n" : "");
    }

    @Override
    public void println(Object value) {
        println(String.valueOf(value));
    }

    @Override
    public void print(Object value) {
        print(String.valueOf(value));
    }

    @Override
    public void print(char character) {
        print(String.valueOf(character));
    }

    @Override
    public PrintStream format(String format, Object... values) {
        return format(Locale.getDefault(Locale.Category.FORMAT), format, values);
    }

    /** As one text, so that its lines are whole. */
    @Override
    public PrintStream format(Locale locale, String format, Object... values) {
        print(String.format(locale, format, values));
        return this;
    }
}
