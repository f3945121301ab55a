package dev.switchlab.golden;

import dev.switchlab.golden.TensorDifference.Bound;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Which tolerance each tensor of a case gets.
 *
 * <p>By dtype, those of torch.testing.assert_close; float32: 1e-5 absolute, 1.3e-6 relative. The absolute part is
 * widened by {@value #NOISE_MULTIPLE} times the case's own recorded float32-to-float64 error. That error is one sample
 * of rounding noise: the reference may lie that far from the true value on one side, and another float32 computation of
 * equal quality lay up to 2.6 times as far on the other (measured over 233 cases; six layers amplify what one
 * addition's order changes). Integers, routes, counts and dropped tokens are exact.
 *
 * @param noise the case's recorded float32-to-float64 errors by group of tensors
 * @param sumOfLearningRates the furthest that Adam can have moved a weight; 0 of a case that moves none
 * @param rounding what more an element may be off, by name of its tensor
 */
record Tolerances(Map<String, Double> noise, double sumOfLearningRates, Map<String, Double> rounding) {

    /** How often a case's own float32-to-float64 error is added. */
    static final double NOISE_MULTIPLE = 4;

    private static final Pattern THROUGH_RELU =
            Pattern.compile("grad\\.(.*layer1\\.(weight|bias)|input\\.x|switch\\..*)");

    /** What products in bfloat16 may be off, as a share of a tensor's largest element. */
    static final double BFLOAT16 = 1.0 / 32;

    private static final Pattern EXACT =
            Pattern.compile("output\\.(counts|routes|capacity|n_dropped|dropped)(\\.\\d+)?");
    private static final String KEY_BIAS = "key.linear.bias";

    /** Of a case that moves no weights. */
    static Tolerances of(Map<String, Double> noise) {
        return new Tolerances(noise, 0, Map.of());
    }

    /**
     * Of a trajectory. The key bias of attention has a true gradient of zero; Adam makes steps of any size up to the
     * learning rate of the rounding noise that is left. So its final value is held only to the furthest that Adam can
     * have moved it.
     */
    static Tolerances ofTrajectory(Map<String, Double> noise, double sumOfLearningRates) {
        return new Tolerances(noise, sumOfLearningRates, Map.of());
    }

    /**
     * Tolerances for products in bfloat16, by {@value #BFLOAT16} of a tensor's largest element.
     *
     * <p>bfloat16 has 8 bits of mantissa, so rounding errs by at most u = 2^-9 of a value. A product rounds two
     * operands and its result, at most 3 u of the sum of absolute terms; from a layer's input to a weight's gradient at
     * most four products follow each other, 12 u, or 2^-5.4 of that sum. Terms have both signs, so the sum of absolute
     * terms is larger than the result; but errors have both signs, too.
     *
     * <p>Three kinds of tensors are no sums of such terms. Gradients that came through a relu jump where what went into
     * it is within rounding of zero: they are held to their largest element. The gradient of a key's bias is zero in
     * truth: it is held to the largest of all gradients. A loss weighs an output's elements by random numbers: it is
     * held to the output's norm.
     */
    Tolerances withBfloat16(Map<String, Tensor> expected) {
        Map<String, Double> bounds = new HashMap<>();
        double gradients = 0;
        double norms = 0;
        for (Map.Entry<String, Tensor> entry : expected.entrySet()) {
            String name = entry.getKey();
            if (entry.getValue().dtype().isFloat()) {
                double[] values = entry.getValue().doubles();
                double size = Arrays.stream(values).map(Math::abs).max().orElse(0);
                bounds.put(name, THROUGH_RELU.matcher(name).matches() ? size : BFLOAT16 * size);
                if (name.startsWith("grad.")) {
                    gradients = Math.max(gradients, size);
                } else {
                    norms = Math.max(
                            norms,
                            Math.sqrt(Arrays.stream(values).map(v -> v * v).sum()));
                }
            }
        }
        double ofKeys = BFLOAT16 * gradients;
        double ofLoss = BFLOAT16 * norms;
        bounds.replaceAll(
                (name, bound) -> name.endsWith(KEY_BIAS) ? ofKeys : name.equals("output.loss") ? ofLoss : bound);
        return new Tolerances(noise, sumOfLearningRates, bounds);
    }

    Bound of(String name, Dtype dtype) {
        Bound float32 = ofFloat32(name, dtype);
        return float32.equals(Bound.EXACT) ? float32 : float32.widened(rounding.getOrDefault(name, 0.0));
    }

    private Bound ofFloat32(String name, Dtype dtype) {
        if (!dtype.isFloat() || EXACT.matcher(name).matches()) {
            return Bound.EXACT;
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

    private static Bound base(Dtype dtype) {
        return switch (dtype) {
            case F64 -> new Bound(1e-7, 1e-7);
            case F16 -> new Bound(1e-5, 1e-3);
            case BF16 -> new Bound(1e-5, 1.6e-2);
            default -> new Bound(1e-5, 1.3e-6);
        };
    }
}
