package dev.switchlab.nn;

/** Random numbers as a function of where they are wanted, so that nothing has to be drawn in order. */
final class RandomKeys {

    /** 2^64 over the golden ratio, odd: neighbours are far apart. */
    private static final long GAMMA = 0x9e3779b97f4a7c15L;

    private RandomKeys() {}

    /**
     * Neighbouring inputs give unrelated outputs: the output function of SplitMix64 (Steele, Lea, Flood 2014), one to
     * one.
     */
    static long mix(long value) {
        long z = (value + 1) * GAMMA;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
