package dev.switchlab.io;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on a terminal, with lines printed above it; without a terminal, only the lines. */
public final class Bar implements AutoCloseable {

    private final PrintStream out;
    private final Optional<ProgressBar> bar;

    private Bar(PrintStream out, Optional<ProgressBar> bar) {
        this.out = out;
        this.bar = bar;
    }

    private Bar(ProgressBarBuilder builder) {
        this(System.out, Optional.of(builder.build()));
    }

    /** No bar; lines go to standard output. */
    public static Bar none() {
        return new Bar(System.out, Optional.empty());
    }

    /** On standard output. */
    public static Bar ofSteps(String task, int steps) {
        return Screen.isTerminal()
                ? new Bar(builder(task, 0, steps, new ConsoleProgressBarConsumer(Screen.raw(System.out))))
                : none();
    }

    /**
     * On standard output.
     *
     * @param taken steps that were taken before
     * @param secondsLeft empty while unknown
     */
    public static Bar ofSteps(String task, int taken, int steps, Supplier<OptionalDouble> secondsLeft) {
        ConsoleProgressBarConsumer consumer = new ConsoleProgressBarConsumer(Screen.raw(System.out));
        return Screen.isTerminal() ? new Bar(timed(builder(task, taken, steps, consumer), secondsLeft)) : none();
    }

    /** On a terminal whose width this process cannot ask for. */
    public static Bar ofSteps(String task, int taken, int steps, Supplier<OptionalDouble> secondsLeft, int width) {
        ConsoleProgressBarConsumer consumer = new ConsoleProgressBarConsumer(Screen.raw(System.out), width);
        return new Bar(timed(builder(task, taken, steps, consumer), secondsLeft));
    }

    private static ProgressBarBuilder timed(ProgressBarBuilder builder, Supplier<OptionalDouble> secondsLeft) {
        return builder.setEtaFunction(state -> secondsLeft.get().stream()
                .mapToObj(seconds -> Duration.ofSeconds(Math.round(seconds)))
                .findFirst());
    }

    private static ProgressBarBuilder builder(String task, int taken, int steps, ConsoleProgressBarConsumer consumer) {
        return new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(steps)
                .startsFrom(taken, Duration.ZERO)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(250)
                .setConsumer(consumer);
    }

    /** On standard error, for downloads. */
    public static Bar ofBytes(String task, long bytes) {
        if (!Screen.isTerminal()) {
            return new Bar(System.err, Optional.empty());
        }
        ProgressBarBuilder builder = new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(bytes)
                .setUnit(" KiB", 1024)
                .setConsumer(new ConsoleProgressBarConsumer(Screen.raw(System.err)));
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
        bar.ifPresent(b -> Screen.raw(out).print("\r\033[K"));
        out.println(text);
        bar.ifPresent(ProgressBar::refresh);
    }

    @Override
    public void close() {
        bar.ifPresent(ProgressBar::close);
    }
}
