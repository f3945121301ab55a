package dev.switchlab.analysis;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.ArrayRealVector;
import org.apache.commons.math3.linear.RealMatrix;
import org.apache.commons.math3.linear.RealVector;
import org.apache.commons.math3.linear.SingularValueDecomposition;

/**
 * Scores of settings by seed, {@code score = setting + seed + noise}, with one variance of the noise for all runs: an
 * analysis of variance in which seeds are blocks. A seed fixes the initial weights and the order of the text, so that
 * runs of one seed are alike. Fitted by least squares; a setting may lack seeds.
 *
 * <p>For two settings, this is the paired t-test. More settings tell the variance better than the pairs of one
 * difference.
 */
final class BlockModel {

    private final Map<String, double[]> shares = new HashMap<>();
    private final Map<String, Double> effects = new HashMap<>();
    private final RealMatrix inverse;
    private final double variance;
    private final int degreesOfFreedom;

    /** @param scores finite, by setting, then by seed; a setting has at least one */
    BlockModel(Map<String, Map<String, Double>> scores) {
        Map<String, Integer> seeds = new LinkedHashMap<>();
        scores.values().forEach(bySeed -> bySeed.keySet().forEach(seed -> seeds.putIfAbsent(seed, seeds.size())));
        // Normal equations of the seeds' effects, those of the settings eliminated.
        RealMatrix normal = new Array2DRowRealMatrix(seeds.size(), seeds.size());
        double[] right = new double[seeds.size()];
        int runs = 0;
        for (Map.Entry<String, Map<String, Double>> setting : scores.entrySet()) {
            Map<String, Double> bySeed = setting.getValue();
            double mean = mean(bySeed);
            double[] share = new double[seeds.size()];
            bySeed.forEach((seed, score) -> {
                int s = seeds.get(seed);
                share[s] = 1.0 / bySeed.size();
                normal.addToEntry(s, s, 1);
                right[s] += score - mean;
            });
            RealVector row = new ArrayRealVector(share);
            normal.setSubMatrix(
                    normal.subtract(row.outerProduct(row).scalarMultiply(bySeed.size()))
                            .getData(),
                    0,
                    0);
            shares.put(setting.getKey(), share);
            runs += bySeed.size();
        }
        SingularValueDecomposition decomposition = new SingularValueDecomposition(normal);
        inverse = decomposition
                .getSolver()
                .getInverse(); // of Moore and Penrose: seeds' effects are free up to a constant
        double[] seedEffects = inverse.operate(right);
        double squares = 0;
        for (Map.Entry<String, Map<String, Double>> setting : scores.entrySet()) {
            Map<String, Double> rest = new HashMap<>();
            setting.getValue().forEach((seed, score) -> rest.put(seed, score - seedEffects[seeds.get(seed)]));
            double effect = mean(rest);
            effects.put(setting.getKey(), effect);
            squares += rest.values().stream()
                    .mapToDouble(value -> Math.pow(value - effect, 2))
                    .sum();
        }
        degreesOfFreedom = runs - scores.size() - decomposition.getRank();
        variance = squares / degreesOfFreedom;
    }

    private static double mean(Map<String, Double> scores) {
        return scores.values().stream()
                .mapToDouble(Double::doubleValue)
                .average()
                .orElse(Double.NaN);
    }

    /** Whether there are more runs than effects, so that the noise is known. */
    boolean knowsNoise() {
        return degreesOfFreedom > 0;
    }

    /**
     * One setting less another that has seeds in common with it.
     *
     * @param pairs their number
     */
    MeanInterval difference(String setting, String other, int pairs) {
        RealVector between = new ArrayRealVector(shares.get(setting)).subtract(new ArrayRealVector(shares.get(other)));
        double factor = 1.0 / count(setting) + 1.0 / count(other) + between.dotProduct(inverse.operate(between));
        return new MeanInterval(
                pairs, effects.get(setting) - effects.get(other), Math.sqrt(variance * factor), degreesOfFreedom);
    }

    private long count(String setting) {
        return Arrays.stream(shares.get(setting)).filter(share -> share > 0).count();
    }
}
