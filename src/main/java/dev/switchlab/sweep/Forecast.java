package dev.switchlab.sweep;

import dev.switchlab.io.Durations;
import dev.switchlab.runs.Book;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;

/** A sweep before it is run: each run, and the time that it may take. */
public final class Forecast {

    private Forecast() {}

    /**
     * One line for each run, and one for the whole sweep.
     *
     * @param book the runs folder, whose finished runs tell the times; it may not exist yet
     * @param threads of a run
     * @param width runs at a time
     */
    public static String of(Sweep sweep, Path book, int threads, int width) {
        if (!Files.exists(book.resolve("mlflow.db"))) {
            return text(sweep, run -> OptionalDouble.empty(), width);
        }
        try (Book opened = Book.open(book)) {
            PastRuns past = new PastRuns(opened);
            return text(sweep, run -> past.expectedSeconds(run, threads), width);
        }
    }

    private static String text(Sweep sweep, Function<SweepRun, OptionalDouble> expected, int width) {
        StringBuilder text = new StringBuilder();
        double sum = 0;
        for (SweepRun run : sweep.runs()) {
            OptionalDouble seconds = expected.apply(run);
            sum += seconds.orElse(Double.NaN);
            text.append(String.format(
                    Locale.ROOT,
                    "%4d  %s seed %d  %s%n",
                    run.number(),
                    run.row(),
                    run.seed(),
                    seconds.isPresent() ? Durations.text(seconds.getAsDouble()) : "unknown"));
        }
        String whole = Double.isNaN(sum)
                ? "unknown, for some of them the book has no similar run"
                : Durations.text(sum / width);
        return text + (sweep.runs().size() + " runs, " + width + " at a time: " + whole + System.lineSeparator());
    }
}
