package dev.switchlab.sweep;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Status of a run of a sweep.
 *
 * <p>The process that trains the run prints each change on its standard output as one {@link #line}: {@code at STEP
 * STEPS LOSS SECONDS_LEFT}, {@code done SCORE SECONDS}, {@code stopped STEP} or {@code failed REASON}, with {@code NaN}
 * for an unknown number.
 */
public sealed interface Status {

    /** The line that tells this status. */
    String line();

    /** Whether nothing more happens in this call. */
    default boolean hasEnded() {
        return !(this instanceof Waiting || this instanceof Running);
    }

    /**
     * Not started yet.
     *
     * @param reason what the run waits for, such as {@code memory}; empty if only for its turn
     */
    record Waiting(String reason) implements Status {

        @Override
        public String line() {
            throw new IllegalStateException("a waiting run has no process to print a line");
        }
    }

    /**
     * Training.
     *
     * @param step steps taken; 0 before the first
     * @param steps of the whole run; 0 while the process starts
     * @param loss smoothed training cross-entropy in nats; NaN before the first step
     * @param secondsLeft until the run is scored; empty while unknown
     */
    record Running(int step, int steps, double loss, OptionalDouble secondsLeft) implements Status {

        /** The process was started and has told nothing yet. */
        public static final Running STARTING = new Running(0, 0, Double.NaN, OptionalDouble.empty());

        @Override
        public String line() {
            return "at " + step + " " + steps + " " + loss + " " + secondsLeft.orElse(Double.NaN);
        }
    }

    /**
     * Finished, in this call or an earlier one.
     *
     * @param score cross-entropy on the whole validation split, in nats per character
     * @param seconds from begin to end of the run; NaN if unknown
     */
    record Done(double score, double seconds) implements Status {

        /** Result of a finished run. */
        static Done of(Run run) {
            return new Done(run.metric(Comparison.FINAL_SCORE), run.seconds());
        }

        @Override
        public String line() {
            return "done " + score + " " + seconds;
        }
    }

    /**
     * Ended in good order before the last step; the next call resumes the run.
     *
     * @param step steps taken; 0 if the run did not begin
     */
    record Stopped(int step) implements Status {

        @Override
        public String line() {
            return "stopped " + step;
        }
    }

    /**
     * Ended by a failure.
     *
     * @param reason one line
     * @param isKilled whether the process was killed from outside. The next call resumes such a run; other failures are
     *     tried again only on request
     */
    record Failed(String reason, boolean isKilled) implements Status {

        @Override
        public String line() {
            return "failed " + reason.strip().replaceAll("\\s*\\R\\s*", "; ");
        }
    }

    /**
     * Status of a run that no process trains now: done, failed for a recorded reason, or waiting to begin or resume.
     *
     * @param run as the book has it
     */
    static Status of(Optional<Run> run) {
        String status = run.map(Run::status).orElse("");
        if (status.equals("FINISHED")) {
            return Done.of(run.orElseThrow());
        }
        String reason =
                run.map(Run::tags).map(tags -> tags.get(RunInfo.FAILURE_TAG)).orElse("");
        return status.equals("FAILED") && !reason.isEmpty() ? new Failed(reason, false) : new Waiting("");
    }

    /** The status that a {@link #line} tells; empty for any other text, such as a warning of a library. */
    static Optional<Status> parse(String line) {
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
            // Other text that begins with one of the words.
        }
        return Optional.empty();
    }
}
