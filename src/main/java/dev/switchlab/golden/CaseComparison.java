package dev.switchlab.golden;

import dev.switchlab.safetensors.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Compares all that a case expects with all that the model gave. Nothing may be missing on either side. */
final class CaseComparison {

    private static final String GRADIENT = "grad.";
    private static final String NORM = "output.gradnorm.";

    private CaseComparison() {}

    /** One difference for each tensor of either side, by name. */
    static List<TensorDifference> of(Map<String, Tensor> expected, Map<String, Tensor> given, Tolerances tolerances) {
        Map<String, Tensor> actual = withNorms(expected, given);
        List<TensorDifference> differences = new ArrayList<>();
        expected.forEach((name, tensor) -> {
            Tensor own = actual.get(name);
            if (own == null) {
                differences.add(TensorDifference.incomparable(name, tensor, "the model gives no such tensor"));
            } else if (own.dtype() != tensor.dtype() || !Arrays.equals(own.shape(), tensor.shape())) {
                differences.add(TensorDifference.incomparable(name, tensor, "the model gives " + own));
            } else {
                differences.add(TensorDifference.of(name, tensor, own, tolerances.of(name, tensor.dtype())));
            }
        });
        actual.forEach((name, tensor) -> {
            // Cases leave empty arrays out: no output.dropped means that nothing was dropped.
            if (!expected.containsKey(name) && tensor.elements() > 0) {
                differences.add(TensorDifference.incomparable(name, tensor, "the case lacks this tensor"));
            }
        });
        return differences;
    }

    /** A large case stores the norm of some gradients only. */
    private static Map<String, Tensor> withNorms(Map<String, Tensor> expected, Map<String, Tensor> given) {
        Map<String, Tensor> actual = new TreeMap<>();
        given.forEach((name, tensor) -> {
            String norm = name.startsWith(GRADIENT) ? NORM + name.substring(GRADIENT.length()) : "";
            if (expected.containsKey(norm)) {
                double squares = Arrays.stream(tensor.doubles()).map(g -> g * g).sum();
                actual.put(norm, Tensor.of(new float[] {(float) Math.sqrt(squares)}));
            } else {
                actual.put(name, tensor);
            }
        });
        return actual;
    }
}
