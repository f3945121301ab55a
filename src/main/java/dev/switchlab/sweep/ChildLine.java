package dev.switchlab.sweep;

import dev.switchlab.sweep.ChildState.Done;
import dev.switchlab.sweep.ChildState.Failed;
import dev.switchlab.sweep.ChildState.Running;
import dev.switchlab.sweep.ChildState.Stopped;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How a child tells its state on its standard output: a line each time it changes, the last line its end. {@code at
 * STEP STEPS LOSS SECONDS_LEFT}, {@code done SCORE SECONDS}, {@code stopped STEP}, {@code failed REASON}; a number that
 * is not known is {@code NaN}.
 */
public final class ChildLine {

    private ChildLine() {}

    /** The line of a state; a child that waits has none. */
    public static String of(ChildState state) {
        if (state instanceof Running running) {
            return "at %d %d %s %s"
                    .formatted(
                            running.step(),
                            running.steps(),
                            running.loss(),
                            running.secondsLeft().orElse(Double.NaN));
        } else if (state instanceof Done done) {
            return "done %s %s".formatted(done.score(), done.seconds());
        } else if (state instanceof Stopped stopped) {
            return "stopped " + stopped.step();
        } else if (state instanceof Failed failed) {
            return "failed " + failed.reason().strip().replaceAll("\\s*\\R\\s*", "; ");
        }
        throw new IllegalArgumentException(
                "a child that " + state.toString().toLowerCase(Locale.ROOT) + " has no line");
    }

    /** The state that a line tells; empty for any other line, such as a warning of a library. */
    public static Optional<ChildState> parse(String line) {
        String[] words = line.strip().split(" ", -1);
        try {
            if (words[0].equals("at") && words.length == 5) {
                double left = Double.parseDouble(words[4]);
                return Optional.of(new Running(
                        Integer.parseInt(words[1]),
                        Integer.parseInt(words[2]),
                        Double.parseDouble(words[3]),
                        Double.isNaN(left) ? OptionalDouble.empty() : OptionalDouble.of(left)));
            } else if (words[0].equals("done") && words.length == 3) {
                return Optional.of(new Done(Double.parseDouble(words[1]), Double.parseDouble(words[2])));
            } else if (words[0].equals("stopped") && words.length == 2) {
                return Optional.of(new Stopped(Integer.parseInt(words[1])));
            } else if (words[0].equals("failed") && words.length > 1) {
                return Optional.of(new Failed(line.strip().substring("failed ".length()), false));
            }
        } catch (NumberFormatException e) {
            // Some other text that begins with one of the words.
        }
        return Optional.empty();
    }
}
