package dev.switchlab.data;

import java.util.Arrays;

/**
 * A text in two parts (reference: {@code TextFileDataset}, which takes {@code int(len(text) * .9)} characters).
 *
 * @param train token ids of the first part
 * @param validation token ids of the rest
 */
@SuppressWarnings("ArrayRecordComponent") // Read-only by convention; a million tokens are not copied at each access.
public record Split(int[] train, int[] validation) {

    /**
     * Splits a text.
     *
     * @param trainFraction share of the first part; its length is rounded down
     */
    public static Split of(int[] text, double trainFraction) {
        int end = (int) (text.length * trainFraction);
        return new Split(Arrays.copyOf(text, end), Arrays.copyOfRange(text, end, text.length));
    }
}
