package dev.switchlab.cli;

import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.io.Bar;
import dev.switchlab.io.Durations;
import dev.switchlab.sweep.SweepRun;
import dev.switchlab.sweep.Status;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Stopped;
import dev.switchlab.sweep.Status.Waiting;
import dev.switchlab.sweep.Launcher;
import dev.switchlab.sweep.SweepSession.SettingSummary;
import dev.switchlab.sweep.SweepProgress;
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

/**
 * What a person sees of a sweep: a table that is drawn again and again on a terminal, else a line for each begin and
 * end.
 */
final class SweepConsole implements SweepSession.View {

    private static final Duration REDRAW = Duration.ofMillis(400);
    private static final Duration QUIET = Duration.ofSeconds(30);

    private final PrintStream out;
    private final BookOption books;
    private final Function<OptionalDouble, String> more;
    private final boolean live;
    private final TerminalSize size = new TerminalSize();
    private final Map<Integer, Status> said = new HashMap<>();
    private SweepTable table;
    private int drawn;
    private long last = System.nanoTime();

    SweepConsole(PrintStream out, BookOption books) {
        this(out, books, left -> "");
    }

    /** @param more what is said after the line for the whole, by the seconds that the sweep may still take */
    SweepConsole(PrintStream out, BookOption books, Function<OptionalDouble, String> more) {
        this.more = more;
        this.out = out;
        this.books = books;
        this.live = Bar.isTerminal();
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

    /** Draws over what was drawn last; false once there is nothing more to draw. */
    private synchronized boolean draw() {
        if (table == null) {
            return false;
        }
        List<String> lines = table.lines(size.columns() - 1, size.rows() - 1);
        StringBuilder text = new StringBuilder(drawn == 0 ? "" : "\033[" + drawn + "A\r");
        lines.forEach(line -> text.append("\033[2K").append(line).append(System.lineSeparator()));
        out.print(text.append("\033[J"));
        out.flush();
        drawn = lines.size();
        return true;
    }

    @Override
    public synchronized void changed(SweepRun run, Status state) {
        Status before = said.put(run.number(), state);
        boolean news = state.hasEnded() || before == null || before.getClass() != state.getClass();
        long now = System.nanoTime();
        if (!live && (news || now - last > QUIET.toNanos())) {
            last = now;
            out.println((run.variant().isEmpty() ? run.row() : run.variant()) + " seed " + run.seed() + "  "
                    + words(state) + "   [" + table.whole() + "]");
        }
    }

    private static String words(Status state) {
        if (state instanceof Running running) {
            return running.step() == 0
                    ? "begins"
                    : String.format(
                            Locale.ROOT, "step %d/%d  train %.3f", running.step(), running.steps(), running.loss());
        } else if (state instanceof Done done) {
            return String.format(
                    Locale.ROOT, "done  validation %.4f  in %s", done.score(), Durations.text(done.seconds()));
        } else if (state instanceof Failed failed) {
            return "failed: " + failed.reason();
        } else if (state instanceof Stopped stopped) {
            return stopped.step() == 0 ? "not begun" : "stopped after step " + stopped.step();
        }
        return state instanceof Waiting waiting ? ("waits for " + waiting.reason()).replaceFirst(" for $", "") : "";
    }

    /** Above the table. */
    synchronized void say(String text) {
        if (live && drawn > 0) {
            out.print("\033[" + drawn + "A\r\033[J");
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

    /** One setting in all its scores; of several a line each, the best marked. */
    @Override
    public void summaries(List<SettingSummary> settings) {
        if (settings.isEmpty()) {
            return;
        }
        out.println();
        if (settings.size() == 1) {
            out.println(settings.get(0).row());
            out.print(settings.get(0).lines());
            return;
        }
        int width = settings.stream()
                .mapToInt(setting -> setting.row().length())
                .max()
                .orElse(0);
        double best = settings.stream()
                .mapToDouble(setting -> setting.score().mean())
                .min()
                .orElse(Double.NaN);
        out.println("validation cross-entropy (mean and 95 % interval over seeds; * is the lowest)");
        for (SettingSummary setting : settings) {
            MeanInterval score = setting.score();
            out.printf(
                    "%-" + width + "s  %s %s (%d)%n",
                    setting.row(),
                    score,
                    score.mean() == best ? "*" : " ",
                    score.n());
        }
    }

    @Override
    public void report(Path file) {
        out.println("report      " + file);
    }

    @Override
    public void warning(String text) {
        System.err.println("WARNING: " + text);
    }

    @Override
    public void failures(List<String> lines) {
        out.println();
        out.println("failed:");
        lines.forEach(line -> out.println("  " + line));
    }
}
