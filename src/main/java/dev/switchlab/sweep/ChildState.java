package dev.switchlab.sweep;

import java.util.OptionalDouble;

/** How a child stands. */
public sealed interface ChildState {

    /** Whether it will not change by itself any more. */
    default boolean hasEnded() {
        return !(this instanceof Waiting || this instanceof Running);
    }

    /**
     * Not started yet.
     *
     * @param why what it waits for, in a few words, such as {@code memory}; empty where it is only its turn
     */
    record Waiting(String why) implements ChildState {}

    /**
     * Training.
     *
     * @param step steps taken; 0 before the first
     * @param steps of the whole run
     * @param loss training cross-entropy, smoothed, in nats; NaN before the first step
     * @param secondsLeft until the end of training; empty where that is not known yet
     */
    record Running(int step, int steps, double loss, OptionalDouble secondsLeft) implements ChildState {}

    /**
     * Finished, now or in an earlier call.
     *
     * @param score cross-entropy on the whole validation split, in nats per character
     * @param seconds that the run took from its begin to its end; NaN where it is not known
     */
    record Done(double score, double seconds) implements ChildState {}

    /**
     * Ended in good order before its last step; goes on with the next call.
     *
     * @param step steps taken; 0 where it did not begin
     */
    record Stopped(int step) implements ChildState {}

    /**
     * Ended by a failure.
     *
     * @param reason one line
     * @param isKilled whether it was killed from outside, so that it goes on with the next call by itself; other
     *     failures want a retry
     */
    record Failed(String reason, boolean isKilled) implements ChildState {}
}
