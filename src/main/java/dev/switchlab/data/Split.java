package dev.switchlab.data;

import dev.switchlab.experiment.Experiment.Validation;
import java.util.Arrays;

/**
 * A text in two parts (reference: {@code TextFileDataset}, which takes {@code int(len(text) * .9)} characters).
 *
 * @param train token ids of the first part
 * @param validation token ids of the rest
 */
@SuppressWarnings("ArrayRecordComponent") // Read-only by convention; a million tokens are not copied at each access.
public record Split(int[] train, int[] validation) {

    /** The share of what training would see that is left to it where the rest of that is held out. */
    private static final double NOT_HELD_OUT = 0.9;

    /**
     * Splits a text.
     *
     * @param trainFraction share of the first part; its length is rounded down
     * @param validation held out: the first part is split again, and what lies behind it is in neither part
     */
    public static Split of(int[] text, double trainFraction, Validation validation) {
        Split whole = cut(text, trainFraction);
        return validation == Validation.HELD_OUT ? cut(whole.train, NOT_HELD_OUT) : whole;
    }

    private static Split cut(int[] text, double fraction) {
        int end = (int) (text.length * fraction);
        return new Split(Arrays.copyOf(text, end), Arrays.copyOfRange(text, end, text.length));
    }
}
