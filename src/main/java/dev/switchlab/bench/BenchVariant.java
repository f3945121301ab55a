package dev.switchlab.bench;

/**
 * One line of a table: the benchmark's experiment with something changed.
 *
 * @param name what the table calls it
 * @param x where it stands on the section's axis
 * @param settings assignments as in {@code "model.n_experts=8"}; empty for the experiment as it is
 */
record BenchVariant(String name, int x, String settings) {}
