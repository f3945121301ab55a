package dev.switchlab.sweep;

import dev.switchlab.sweep.ChildState.Done;
import dev.switchlab.sweep.ChildState.Failed;
import dev.switchlab.sweep.ChildState.Running;
import dev.switchlab.sweep.ChildState.Waiting;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.Predicate;

/** How all children of a sweep stand, from any thread. */
public final class SweepProgress {

    private final Sweep sweep;
    private final int width;
    private final Function<Child, OptionalDouble> expected;
    private final Map<Integer, ChildState> states = new LinkedHashMap<>();
    private final Map<Integer, Long> begun = new HashMap<>();
    /** Of children that were done in this call, from the start of their process to its end. */
    private final Map<Integer, Double> seconds = new HashMap<>();

    /**
     * All wait.
     *
     * @param width children that run at a time
     * @param expected seconds that a child may take by what is known from before
     */
    public SweepProgress(Sweep sweep, int width, Function<Child, OptionalDouble> expected) {
        this.sweep = sweep;
        this.width = Math.max(1, width);
        this.expected = expected;
        sweep.children().forEach(child -> states.put(child.number(), new Waiting("")));
    }

    /** What they are children of. */
    public Sweep sweep() {
        return sweep;
    }

    /** A child stands otherwise. */
    public synchronized void set(Child child, ChildState state) {
        ChildState before = states.put(child.number(), state);
        if (state instanceof Running && !(before instanceof Running)) {
            begun.put(child.number(), System.nanoTime());
        } else if (state instanceof Done && begun.containsKey(child.number())) {
            seconds.put(child.number(), (System.nanoTime() - begun.get(child.number())) / 1e9);
        }
    }

    /** How a child stands. */
    public synchronized ChildState of(Child child) {
        return states.get(child.number());
    }

    /** How many stand so. */
    public synchronized int count(Class<? extends ChildState> kind) {
        return (int) states.values().stream().filter(kind::isInstance).count();
    }

    /** Seconds until all have ended; empty while nothing is known. */
    public synchronized OptionalDouble secondsLeft() {
        double sum = 0;
        double longest = 0;
        for (Child child : sweep.children()) {
            ChildState state = states.get(child.number());
            OptionalDouble left = OptionalDouble.of(0);
            if (state instanceof Running running) {
                left = running.secondsLeft().isPresent() ? running.secondsLeft() : expected(child);
            } else if (state instanceof Waiting) {
                left = expected(child);
            }
            if (left.isEmpty()) {
                return left;
            }
            sum += left.getAsDouble();
            longest = Math.max(longest, left.getAsDouble());
        }
        return OptionalDouble.of(Math.max(longest, sum / width));
    }

    /**
     * Seconds that a child may take: as those of its setting, as others of its experiment, as was known before, as any
     * other.
     */
    private OptionalDouble expected(Child child) {
        OptionalDouble seconds = mean(other -> other.row().equals(child.row()));
        if (seconds.isEmpty()) {
            seconds = expected.apply(child);
        }
        if (seconds.isEmpty()) {
            seconds = mean(
                    other -> other.experiment().id().equals(child.experiment().id()));
        }
        return seconds.isEmpty() ? mean(other -> true) : seconds;
    }

    private OptionalDouble mean(Predicate<Child> like) {
        return sweep.children().stream()
                .filter(like)
                .filter(child -> states.get(child.number()) instanceof Done)
                .mapToDouble(
                        child -> seconds.getOrDefault(child.number(), ((Done) states.get(child.number())).seconds()))
                .filter(Double::isFinite)
                .average();
    }

    /** Whether all are done. */
    public boolean isDone() {
        return count(Done.class) == sweep.children().size();
    }

    /** Whether one has failed. */
    public boolean hasFailures() {
        return count(Failed.class) > 0;
    }
}
