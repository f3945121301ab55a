package dev.switchlab.io;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import picocli.CommandLine;

/** A progress bar on a terminal, with lines printed above it; without a terminal, only the lines. */
public final class Bar implements AutoCloseable {

    private final PrintStream out;
    private final Optional<ProgressBar> bar;

    private Bar(PrintStream out, Optional<ProgressBar> bar) {
        this.out = out;
        this.bar = bar;
    }

    /**
     * Whether there is a terminal. Picocli distinguishes a terminal from a pipe on every JDK; System.console() does not
     * since JDK 22.
     */
    public static boolean isTerminal() {
        return CommandLine.Help.Ansi.AUTO.enabled();
    }

    /** No bar; lines go to standard output. */
    public static Bar none() {
        return new Bar(System.out, Optional.empty());
    }

    /**
     * On standard output.
     *
     * @param taken steps that were taken before
     */
    public static Bar ofSteps(String task, int taken, int steps) {
        return isTerminal() ? ofSteps(task, taken, steps, new ConsoleProgressBarConsumer(System.out)) : none();
    }

    /** On a terminal whose width this process cannot ask for. */
    public static Bar ofSteps(String task, int taken, int steps, int width) {
        return ofSteps(task, taken, steps, new ConsoleProgressBarConsumer(System.out, width));
    }

    private static Bar ofSteps(String task, int taken, int steps, ConsoleProgressBarConsumer consumer) {
        ProgressBarBuilder builder = new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(steps)
                .startsFrom(taken, Duration.ZERO)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(250)
                .setConsumer(consumer);
        return new Bar(System.out, Optional.of(builder.build()));
    }

    /** On standard error, for downloads. */
    public static Bar ofBytes(String task, long bytes) {
        if (!isTerminal()) {
            return new Bar(System.err, Optional.empty());
        }
        ProgressBarBuilder builder = new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(bytes)
                .setUnit(" KiB", 1024)
                .setConsumer(new ConsoleProgressBarConsumer(System.err));
        return new Bar(System.err, Optional.of(builder.build()));
    }

    /** Whether there is a bar. */
    public boolean isDrawn() {
        return bar.isPresent();
    }

    /** Moves the bar to a count. */
    public void reached(long count) {
        bar.ifPresent(b -> b.stepTo(count));
    }

    /** Sets the text beside the bar. */
    public void note(String text) {
        bar.ifPresent(b -> b.setExtraMessage(text));
    }

    /** Shows a stage beside the bar or, without a terminal, on a line. */
    public void stage(String title) {
        bar.ifPresentOrElse(b -> b.setExtraMessage(title), () -> out.println(title + " ..."));
    }

    /** Prints the lines of a text above the bar. */
    public void printLines(String text) {
        text.lines().forEach(this::println);
    }

    /** Prints a line above the bar. */
    public void println(String text) {
        out.println((bar.isEmpty() ? "" : "\r\033[K") + text);
        bar.ifPresent(ProgressBar::refresh);
    }

    @Override
    public void close() {
        bar.ifPresent(ProgressBar::close);
    }
}
