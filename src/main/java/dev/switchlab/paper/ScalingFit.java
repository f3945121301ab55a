package dev.switchlab.paper;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Setting;
import dev.switchlab.runs.Run;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.apache.commons.math3.optim.MaxEval;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.apache.commons.math3.optim.univariate.BrentOptimizer;
import org.apache.commons.math3.optim.univariate.SearchInterval;
import org.apache.commons.math3.optim.univariate.UnivariateObjectiveFunction;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/**
 * Loss by the number of experts, {@code L(E) = c + a E^-b} by least squares of means over seeds, and 95 % intervals
 * over resampled seeds (percentile bootstrap). A dense model has one expert.
 *
 * @param experts numbers of experts, ascending
 * @param losses mean losses
 * @param curve the fit
 * @param resampled fits of resampled seeds
 */
record ScalingFit(double[] experts, double[] losses, Curve curve, List<Curve> resampled) {

    private static final double LEAST = Math.log(0.01);
    private static final double MOST = Math.log(4);
    private static final int STEPS = 100;

    /**
     * Table 7 of arXiv 2101.03961: T5-Base and its sparse models of 1.1, 2.0, 3.8, 7.4 and 14.7 billion parameters,
     * which have 16 to 256 experts in every other layer; in nats per token.
     */
    static final ScalingFit TABLE_7 =
            of(new double[] {1, 16, 32, 64, 128, 256}, new double[] {1.636, 1.505, 1.474, 1.444, 1.432, 1.427});

    /** {@code c + a E^-b}. */
    record Curve(double c, double a, double b) {

        double at(double experts) {
            return c + a * Math.pow(experts, -b);
        }

        /** Of at least three points. */
        static Curve of(double[] experts, double[] losses) {
            double step = (MOST - LEAST) / STEPS;
            double best = LEAST;
            for (int i = 1; i <= STEPS; i++) {
                double next = LEAST + i * step;
                best = error(experts, losses, next) < error(experts, losses, best) ? next : best;
            }
            double logB = new BrentOptimizer(1e-10, 1e-12)
                    .optimize(
                            new MaxEval(1000),
                            GoalType.MINIMIZE,
                            new SearchInterval(best - step, best + step),
                            new UnivariateObjectiveFunction(b -> error(experts, losses, b)))
                    .getPoint();
            SimpleRegression line = line(experts, losses, logB);
            return new Curve(line.getIntercept(), line.getSlope(), Math.exp(logB));
        }

        private static double error(double[] experts, double[] losses, double logB) {
            return line(experts, losses, logB).getSumSquaredErrors();
        }

        /** For a given exponent the fit is a straight line in {@code E^-b}. */
        private static SimpleRegression line(double[] experts, double[] losses, double logB) {
            SimpleRegression line = new SimpleRegression();
            for (int i = 0; i < experts.length; i++) {
                line.addData(Math.pow(experts[i], -Math.exp(logB)), losses[i]);
            }
            return line;
        }
    }

    /** Without seeds to resample. */
    private static ScalingFit of(double[] experts, double[] losses) {
        return new ScalingFit(experts, losses, Curve.of(experts, losses), List.of());
    }

    /**
     * Of an answer's baseline, which is dense, and of its variants with numbers of experts; empty with fewer than
     * three.
     */
    static Optional<ScalingFit> of(Answer answer) {
        Map<Integer, Setting> variants = new TreeMap<>();
        answer.byExperts().row("switch").forEach(variants::put);
        answer.comparison().baseline().ifPresent(dense -> variants.put(1, dense));
        if (variants.size() < 4) {
            return Optional.empty();
        }
        double[] experts =
                variants.keySet().stream().mapToDouble(Integer::doubleValue).toArray();
        List<String> seeds = variants.get(1).bySeed().keySet().stream()
                .filter(seed -> variants.values().stream()
                        .allMatch(variant -> variant.bySeed().containsKey(seed)))
                .toList();
        if (seeds.size() < 2) {
            return Optional.empty();
        }
        List<Curve> resampled = Bootstrap.samples(seeds).stream()
                .map(sample -> Curve.of(experts, means(variants, sample)))
                .toList();
        double[] losses = means(variants, seeds);
        return Optional.of(new ScalingFit(experts, losses, Curve.of(experts, losses), resampled));
    }

    private static double[] means(Map<Integer, Setting> variants, List<String> seeds) {
        return variants.values().stream()
                .map(Setting::bySeed)
                .mapToDouble(runs -> seeds.stream()
                        .mapToDouble(seed -> score(runs.get(seed)))
                        .average()
                        .orElseThrow())
                .toArray();
    }

    private static double score(Run run) {
        return run.metric(Comparison.FINAL_SCORE);
    }

    /** The bounds of the middle 95 % of what resampled fits give. */
    double[] interval(ToDoubleFunction<Curve> value) {
        return Bootstrap.middle(resampled.stream().mapToDouble(value));
    }

    /** Such as {@code L(E) = 0.801 [0.795 0.806] + 0.120 [0.113 0.127] E^-0.45 [0.41 0.50]}. */
    @Override
    public String toString() {
        return "L(E) = " + text("%.3f", Curve::c) + " + " + text("%.3f", Curve::a) + " E^-" + text("%.2f", Curve::b);
    }

    private String text(String format, ToDoubleFunction<Curve> value) {
        String own = String.format(Locale.ROOT, format, value.applyAsDouble(curve));
        if (resampled.isEmpty()) {
            return own;
        }
        double[] interval = interval(value);
        return String.format(Locale.ROOT, "%s [" + format + " " + format + "]", own, interval[0], interval[1]);
    }
}
