package dev.switchlab.golden;

import dev.switchlab.safetensors.Dtype;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Which tolerance each tensor of a case gets.
 *
 * <p>By dtype, those of torch.testing.assert_close; float32: 1e-5 absolute, 1.3e-6 relative. The absolute part is widened by
 * {@value #NOISE_MULTIPLE} times the case's own recorded float32-to-float64 error. That error is one sample of rounding noise: the
 * reference may lie that far from the true value on one side, and another float32 computation of equal quality lay up to 2.6 times as
 * far on the other (measured over 233 cases; six layers amplify what one addition's order changes). Integers, routes, counts and
 * dropped tokens are exact.
 */
final class Tolerances {

    /** How often a case's own float32-to-float64 error is added. */
    static final double NOISE_MULTIPLE = 4;

    private static final Pattern EXACT =
            Pattern.compile("output\\.(counts|routes|capacity|n_dropped|dropped)(\\.\\d+)?");
    private static final String KEY_BIAS = "key.linear.bias";

    private final Map<String, Double> noise;
    private final double sumOfLearningRates;

    private Tolerances(Map<String, Double> noise, double sumOfLearningRates) {
        this.noise = noise;
        this.sumOfLearningRates = sumOfLearningRates;
    }

    /** Of a case that moves no weights. */
    static Tolerances of(Map<String, Double> noise) {
        return new Tolerances(noise, 0);
    }

    /**
     * Of a trajectory. The key bias of attention has a true gradient of zero; Adam makes steps of any size up to the learning rate of
     * the rounding noise that is left. So its final value is held only to the furthest that Adam can have moved it.
     */
    static Tolerances ofTrajectory(Map<String, Double> noise, double sumOfLearningRates) {
        return new Tolerances(noise, sumOfLearningRates);
    }

    ErrorBound of(String name, Dtype dtype) {
        if (!dtype.isFloat() || EXACT.matcher(name).matches()) {
            return ErrorBound.EXACT;
        }
        if (name.startsWith("output.final.") && name.endsWith(KEY_BIAS)) {
            return base(dtype).widened(sumOfLearningRates);
        }
        return base(dtype).widened(NOISE_MULTIPLE * noise.getOrDefault(group(name), 0.0));
    }

    /** The group of recorded errors that a tensor belongs to; a trajectory has groups of its own. */
    private String group(String name) {
        if (!noise.containsKey("loss")) {
            return name.startsWith("grad.") ? "grad" : "output";
        }
        if (name.startsWith("output.final.")) {
            return "weights_without_key_bias";
        }
        return name.equals("output.grad_norm") ? "grad_norm" : name.equals("output.lr") ? "" : "loss";
    }

    private static ErrorBound base(Dtype dtype) {
        return switch (dtype) {
            case F64 -> new ErrorBound(1e-7, 1e-7);
            case F16 -> new ErrorBound(1e-5, 1e-3);
            case BF16 -> new ErrorBound(1e-5, 1.6e-2);
            default -> new ErrorBound(1e-5, 1.3e-6);
        };
    }
}
