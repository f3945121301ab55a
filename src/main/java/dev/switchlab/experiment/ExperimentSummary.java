package dev.switchlab.experiment;

/**
 * A line in the list of experiments.
 *
 * @param id the file name without {@code .yaml}
 * @param about the first line of its {@code about}, or what is wrong with the file
 */
public record ExperimentSummary(String id, String about) {}
