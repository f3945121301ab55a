package dev.switchlab.experiment;

/**
 * A value as somebody wrote it, not yet converted to its type.
 *
 * @param text the scalar's text; null for a key without a value
 * @param place where it was written, as in {@code experiments/smoke.yaml:7}
 */
record Given(String text, String place) {}
