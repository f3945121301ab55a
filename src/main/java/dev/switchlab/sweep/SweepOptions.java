package dev.switchlab.sweep;

/**
 * How a sweep is run; nothing of it changes what it consists of.
 *
 * @param command what was typed
 * @param retry whether a child that failed is tried once more in this call
 * @param failFast whether the first failure stops the sweep
 * @param fresh whether to begin anew beside an earlier sweep of the same call
 * @param reuse whether a child counts as done where the book has the run that it would train already, whatever that was
 *     trained for
 */
public record SweepOptions(String command, boolean retry, boolean failFast, boolean fresh, boolean reuse) {}
