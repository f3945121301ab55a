package dev.switchlab.sweep;

import dev.switchlab.io.Durations;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Waiting;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.Predicate;

/** The status of all runs of a sweep, and the time that is left; for any thread. */
public final class SweepProgress {

    private final Sweep sweep;
    private final int width;
    private final Function<SweepRun, OptionalDouble> expected;
    private final Map<SweepRun, Status> statuses = new HashMap<>();
    /** Start of the processes of this call, {@link System#nanoTime}. */
    private final Map<SweepRun, Long> started = new HashMap<>();
    /** From start to end of the processes that ended in this call. */
    private final Map<SweepRun, Double> seconds = new HashMap<>();

    /**
     * All runs wait.
     *
     * @param width runs at a time
     * @param expected seconds that a run may take, as known from before
     */
    public SweepProgress(Sweep sweep, int width, Function<SweepRun, OptionalDouble> expected) {
        this.sweep = sweep;
        this.width = Math.max(1, width);
        this.expected = expected;
        sweep.runs().forEach(run -> statuses.put(run, new Waiting("")));
    }

    /** The sweep. */
    public Sweep sweep() {
        return sweep;
    }

    /** Sets the status of a run. */
    public synchronized void set(SweepRun run, Status status) {
        Status before = statuses.put(run, status);
        if (status instanceof Running && !(before instanceof Running)) {
            started.put(run, System.nanoTime());
        } else if (status instanceof Done && started.containsKey(run)) {
            seconds.put(run, (System.nanoTime() - started.get(run)) / 1e9);
        }
    }

    /** The status of a run. */
    public synchronized Status of(SweepRun run) {
        return statuses.get(run);
    }

    /** Number of runs with a kind of status. */
    public synchronized int count(Class<? extends Status> kind) {
        return (int) statuses.values().stream().filter(kind::isInstance).count();
    }

    /** Whether all are done. */
    public boolean isDone() {
        return count(Done.class) == sweep.runs().size();
    }

    /** Whether one has failed. */
    public boolean hasFailures() {
        return count(Failed.class) > 0;
    }

    /** Seconds until all have ended; empty while unknown. */
    public synchronized OptionalDouble secondsLeft() {
        double sum = 0;
        double longest = 0;
        for (SweepRun run : sweep.runs()) {
            OptionalDouble left = OptionalDouble.of(0);
            if (statuses.get(run) instanceof Running running) {
                left = running.secondsLeft().isPresent() ? running.secondsLeft() : expected(run);
            } else if (statuses.get(run) instanceof Waiting) {
                left = expected(run);
            }
            if (left.isEmpty()) {
                return left;
            }
            sum += left.getAsDouble();
            longest = Math.max(longest, left.getAsDouble());
        }
        return OptionalDouble.of(Math.max(longest, sum / width));
    }

    /** The time that each run and the whole sweep may take, a line each. */
    public String forecast() {
        StringBuilder text = new StringBuilder();
        for (SweepRun run : sweep.runs()) {
            text.append(String.format(
                    Locale.ROOT, "%4d  %s seed %d  %s%n", run.number(), run.row(), run.seed(), text(expected(run))));
        }
        OptionalDouble whole = secondsLeft();
        return text
                + String.format(
                        Locale.ROOT,
                        "%d runs, %d at a time: %s%n",
                        sweep.runs().size(),
                        width,
                        text(whole) + (whole.isPresent() ? "" : ", for some of them the book has no similar run"));
    }

    private static String text(OptionalDouble seconds) {
        return seconds.isPresent() ? Durations.text(seconds.getAsDouble()) : "unknown";
    }

    /** Seconds that a run may take: as those of its setting, as known from before, as its experiment's, as any. */
    private OptionalDouble expected(SweepRun run) {
        OptionalDouble seconds = mean(other -> other.row().equals(run.row()));
        if (seconds.isEmpty()) {
            seconds = expected.apply(run);
        }
        if (seconds.isEmpty()) {
            seconds = mean(
                    other -> other.experiment().id().equals(run.experiment().id()));
        }
        return seconds.isEmpty() ? mean(other -> true) : seconds;
    }

    private OptionalDouble mean(Predicate<SweepRun> like) {
        return sweep.runs().stream()
                .filter(like)
                .filter(run -> statuses.get(run) instanceof Done)
                .mapToDouble(run -> seconds.getOrDefault(run, ((Done) statuses.get(run)).seconds()))
                .filter(Double::isFinite)
                .average();
    }
}
