package dev.switchlab.random;

import dev.switchlab.io.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.SplittableRandom;

/**
 * Every random number of a run, as a pure function of (root seed, stream, indices).
 *
 * <p>A seed is the first 8 bytes, big-endian, of SHA-256 over: the root seed (8 bytes, big-endian), the stream's name
 * in UTF-8, a zero byte, and each index (8 bytes, big-endian). So there is no generator state to save: step 1000 draws
 * the same after a resume as without a break. The generator is {@link SplittableRandom} (SplitMix64).
 *
 * @param rootSeed the run's one seed
 */
public record RandomStreams(long rootSeed) {

    /**
     * Derives a seed, also for generators that are not Java's.
     *
     * @param indices usually the step, then whatever else tells the uses of a step apart: layer, expert, item
     */
    public long seed(RandomStream stream, long... indices) {
        return seed(stream.streamName(), indices);
    }

    /** Derives a generator; the same arguments give the same numbers. */
    public SplittableRandom generator(RandomStream stream, long... indices) {
        return new SplittableRandom(seed(stream, indices));
    }

    /**
     * Derives a generator for a named part of a stream.
     *
     * @param part for example a parameter's name, so that adding a parameter leaves the others as they are
     */
    public SplittableRandom generator(RandomStream stream, String part, long... indices) {
        return new SplittableRandom(seed(stream.streamName() + "/" + part, indices));
    }

    private long seed(String name, long... indices) {
        MessageDigest sha256 = Sha256.newDigest();
        sha256.update(bytes(rootSeed));
        sha256.update(name.getBytes(StandardCharsets.UTF_8));
        sha256.update((byte) 0);
        for (long index : indices) {
            sha256.update(bytes(index));
        }
        return ByteBuffer.wrap(sha256.digest()).getLong();
    }

    private static byte[] bytes(long value) {
        return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
    }
}
