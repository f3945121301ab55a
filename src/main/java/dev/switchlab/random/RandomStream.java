package dev.switchlab.random;

import java.util.Locale;

/** What randomness is for. Each purpose has its own stream, so that one more draw here changes nothing there. */
public enum RandomStream {
    /** Initial weights. */
    INITIALIZATION,
    /** Order of the training sequences in an epoch. */
    BATCHES,
    /** Where in its stretch of text a training sequence begins. */
    OFFSETS,
    /** Which sequences the fixed validation sample holds. */
    VALIDATION,
    /** Which tokens of an over-full expert are dropped. */
    DROPPING,
    /** Dropout masks. */
    DROPOUT,
    /** Router input noise. */
    JITTER,
    /** Generated text. */
    SAMPLING;

    /** The name that enters the seed: renaming a stream changes every run. */
    public String streamName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
