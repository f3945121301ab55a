package dev.switchlab.nn;

import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * The random numbers of blocks that run by themselves in a DJL model: a function of the seed, the kind of call, the
 * number of the call and the layer. Training and evaluation count by themselves, so that a look at the validation set
 * changes no training step.
 */
final class ListStreams {

    private final AtomicLong trainingCalls = new AtomicLong();
    private final AtomicLong evaluationCalls = new AtomicLong();
    private volatile long seed;

    /** Begins anew. */
    void seed(long newSeed) {
        seed = newSeed;
        trainingCalls.set(0);
        evaluationCalls.set(0);
    }

    /** The streams of the next call. */
    Call next(boolean training) {
        long number = (training ? trainingCalls : evaluationCalls).getAndIncrement();
        return new Call(mix(mix(seed + (training ? 1 : 0)) + number));
    }

    /** One call's streams. */
    record Call(long key) {

        RandomGenerator dropping() {
            return new SplittableRandom(mix(key));
        }

        RandomGenerator exploration(int layer) {
            return new SplittableRandom(mix(key + 1) + layer);
        }
    }

    /** Neighbouring inputs give unrelated outputs (SplitMix64). */
    private static long mix(long value) {
        return new SplittableRandom(value).nextLong();
    }
}
