package dev.switchlab.cli;

import dev.switchlab.io.Durations;
import dev.switchlab.io.Screen;
import dev.switchlab.paper.PaperSession;
import dev.switchlab.paper.Question;
import dev.switchlab.sweep.Launcher;
import dev.switchlab.sweep.Status;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Stopped;
import dev.switchlab.sweep.Status.Waiting;
import dev.switchlab.sweep.SweepProgress;
import dev.switchlab.sweep.SweepRun;
import dev.switchlab.sweep.SweepSession;
import dev.switchlab.sweep.SweepTable;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.jline.terminal.Size;

/**
 * Prints a sweep: on a terminal a table that is drawn again and again; in a file or a pipe a line for the start and the
 * end of each run.
 */
final class SweepConsole implements SweepSession.View {

    private static final Duration REDRAW = Duration.ofMillis(400);
    private static final Duration BETWEEN_LINES = Duration.ofSeconds(30);

    private final PrintStream out;
    private final BookOptions books;
    private final Function<OptionalDouble, String> more;
    private final boolean live;
    private final Map<Integer, Status> printed = new HashMap<>();
    private SweepTable table;
    private int drawn;
    private long last = System.nanoTime();

    SweepConsole(PrintStream out, BookOptions books) {
        this(out, books, left -> "");
    }

    /** @param more text after the line for the whole sweep, given the seconds that the sweep may still take */
    SweepConsole(PrintStream out, BookOptions books, Function<OptionalDouble, String> more) {
        this.more = more;
        this.out = out;
        this.books = books;
        this.live = Screen.isTerminal();
    }

    @Override
    public void begun(String parent, SweepProgress progress, Launcher launcher) {
        table = new SweepTable(progress, more);
        int all = progress.sweep().runs().size();
        int done = progress.count(Done.class);
        out.println("sweep       " + progress.sweep().spec().words());
        out.println("children    " + all + (done == 0 ? "" : ", " + done + " of them done already") + "; "
                + launcher.words());
        out.println("run         " + parent + " in " + books.folder().resolve("mlflow.db"));
        if (live) {
            Thread redraw = new Thread(this::redraw, "table");
            redraw.setDaemon(true);
            redraw.start();
        }
    }

    private void redraw() {
        while (draw()) {
            try {
                Thread.sleep(REDRAW.toMillis());
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** Draws over the last table; false once there is nothing more to draw. */
    private synchronized boolean draw() {
        if (table == null) {
            return false;
        }
        Size size = Screen.size();
        List<String> lines = table.lines(size.getColumns() - 1, size.getRows() - 1);
        StringBuilder text = new StringBuilder(drawn == 0 ? "" : "\033[" + drawn + "A\r");
        lines.forEach(
                line -> text.append("\033[2K").append(Screen.visible(line)).append(System.lineSeparator()));
        Screen.raw(out).print(text.append("\033[J"));
        Screen.raw(out).flush();
        drawn = lines.size();
        return true;
    }

    @Override
    public synchronized void changed(SweepRun run, Status status) {
        Status before = printed.put(run.number(), status);
        boolean news = status.hasEnded() || before == null || before.getClass() != status.getClass();
        long now = System.nanoTime();
        if (!live && (news || now - last > BETWEEN_LINES.toNanos())) {
            last = now;
            out.println((run.variant().isEmpty() ? run.row() : run.variant()) + " seed " + run.seed() + "  "
                    + words(status) + "   [" + table.whole() + "]");
        }
    }

    private static String words(Status status) {
        if (status instanceof Running running) {
            return running.step() == 0
                    ? "begins"
                    : String.format(
                            Locale.ROOT, "step %d/%d  train %.3f", running.step(), running.steps(), running.loss());
        } else if (status instanceof Done done) {
            return String.format(
                    Locale.ROOT, "done  validation %.4f  in %s", done.score(), Durations.text(done.seconds()));
        } else if (status instanceof Failed failed) {
            return "failed: " + failed.reason();
        } else if (status instanceof Stopped stopped) {
            return stopped.step() == 0 ? "not begun" : "stopped after step " + stopped.step();
        }
        return status instanceof Waiting waiting ? ("waits for " + waiting.reason()).replaceFirst(" for $", "") : "";
    }

    /** Prints a line, above the table. */
    @Override
    public synchronized void println(String text) {
        if (live && drawn > 0) {
            Screen.raw(out).print("\033[" + drawn + "A\r\033[J");
            drawn = 0;
        }
        out.println(text);
        if (live) {
            draw();
        }
    }

    @Override
    public synchronized void ended() {
        if (live) {
            draw();
        }
        SweepTable whole = table;
        table = null;
        drawn = 0;
        if (!live) {
            out.println(whole.whole());
        }
    }

    /** Prints the questions of the paper: a heading for each, and below it its sweep. */
    static final class Questions implements PaperSession.View {

        private final PrintStream out;
        private final BookOptions books;
        private SweepConsole sweep;

        Questions(PrintStream out, BookOptions books) {
            this.out = out;
            this.books = books;
        }

        @Override
        public synchronized SweepSession.View begin(
                Question question, int position, int asked, int done, int all, OptionalDouble later) {
            out.println();
            out.println("question " + question.number() + "  " + question.question() + "  (" + position + " of " + asked
                    + "; the book has " + done + " of " + all + " runs)");
            sweep = new SweepConsole(
                    out,
                    books,
                    left -> left.isPresent() && later.isPresent()
                            ? Durations.text(left.getAsDouble() + later.getAsDouble()) + " for all questions"
                            : "");
            return sweep;
        }

        @Override
        public void written(Path file) {
            out.println("wrote       " + file);
        }

        /** Prints a line, above the table if there is one. */
        synchronized void println(String text) {
            if (sweep == null) {
                out.println(text);
            } else {
                sweep.println(text);
            }
        }
    }
}
