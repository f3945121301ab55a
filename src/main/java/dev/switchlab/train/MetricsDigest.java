package dev.switchlab.train;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.Sha256;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;

/**
 * The digest of all metric points of a run: the sum, modulo 2^256, of the SHA-256 of each point (name in UTF-8, a zero
 * byte, step and the bits of the value, 8 bytes each, big-endian). What is {@linkplain MetricNames#isNotCompared not
 * compared} does not count.
 *
 * <p>A sum (MSet-Add-Hash, Clarke et al., ASIACRYPT 2003) because it needs no order: a store may give the points back
 * as it likes. It is one number, so that a checkpoint can hold it; a point that is missing, there twice or off by a bit
 * changes it.
 */
public final class MetricsDigest {

    private static final int DIGITS = 64;
    private static final BigInteger MODULUS = BigInteger.ONE.shiftLeft(256);

    private final MessageDigest sha256 = Sha256.newDigest();
    private BigInteger sum;

    /** Of no points. */
    public MetricsDigest() {
        sum = BigInteger.ZERO;
    }

    /**
     * Goes on from {@code hex}.
     *
     * @throws IllegalArgumentException if it is not what {@link #hex} gave
     */
    public MetricsDigest(String hex) {
        if (!hex.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException("a metrics digest has 64 hexadecimal digits, this is '" + hex + "'");
        }
        sum = new BigInteger(hex, 16);
    }

    /** Adds the points of {@code step}. */
    public void add(long step, Map<String, Double> metrics) {
        metrics.forEach((name, value) -> add(name, step, value));
    }

    /**
     * Adds one point, its value as MLflow's store gives it back: one NaN, one zero, and the largest double for
     * infinity.
     */
    public void add(String name, long step, double value) {
        if (MetricNames.isNotCompared(name)) {
            return;
        }
        sha256.update(name.getBytes(StandardCharsets.UTF_8));
        sha256.update((byte) 0);
        sha256.update(ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(step)
                .putLong(Double.doubleToLongBits(stored(value)))
                .flip());
        sum = sum.add(new BigInteger(1, sha256.digest())).mod(MODULUS);
    }

    private static double stored(double value) {
        if (Double.isInfinite(value)) {
            return Math.copySign(Double.MAX_VALUE, value);
        }
        return value + 0.0; // -0.0 + 0.0 is 0.0
    }

    /** Of all points of a run. */
    public static String of(Map<String, ? extends Map<Long, Double>> points) {
        MetricsDigest digest = new MetricsDigest();
        points.forEach((name, values) -> values.forEach((step, value) -> digest.add(name, step, value)));
        return digest.hex();
    }

    /** 64 hexadecimal digits. */
    public String hex() {
        String digits = sum.toString(16);
        return "0".repeat(DIGITS - digits.length()) + digits;
    }
}
