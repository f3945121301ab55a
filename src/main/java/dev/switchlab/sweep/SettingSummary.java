package dev.switchlab.sweep;

import dev.switchlab.analysis.MeanInterval;

/**
 * What the children of one setting score, all of which are done.
 *
 * @param row the setting, as {@link Child#row()} has it
 * @param score cross-entropy on the whole validation split, in nats per character
 * @param lines mean and interval of all scores, in lines
 */
public record SettingSummary(String row, MeanInterval score, String lines) {}
