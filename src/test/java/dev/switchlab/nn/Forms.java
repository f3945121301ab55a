package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.nn.kernel.ProductKernel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A block in one form or the other: by kernels, or by plain operators, their oracle. */
final class Forms {

    /** Of {@link #agree}, for sums of up to some thousand float32 terms in another order. Seen: 1.4e-6. */
    static final double FLOAT32 = 1e-5;

    /** For products in bfloat16: see {@code golden.Tolerances.withBfloat16}, where it is derived; seen: 0.01. */
    static final double BFLOAT16 = 1.0 / 32;

    /** Kernels that do not round their operands. */
    static final List<ProductKernel> IN_FLOAT32 = List.of(ProductKernel.MATRIX, ProductKernel.CONVOLUTION);

    /** Plain operators. */
    static final UnaryOperator<ForwardContext> PLAIN = UnaryOperator.identity();

    /** All that there is rounded to bfloat16. */
    static final UnaryOperator<ForwardContext> ROUNDED =
            pass -> pass.by(new Kernels(ProductKernel.BFLOAT16, ProductKernel.BFLOAT16, true));

    private Forms() {}

    static UnaryOperator<ForwardContext> by(ProductKernel kernel) {
        return pass -> pass.by(new Kernels(kernel, kernel));
    }

    static double tolerance(ProductKernel kernel) {
        return kernel == ProductKernel.BFLOAT16 ? BFLOAT16 : FLOAT32;
    }

    /** Each kernel of {@code kernels} against plain operators: the output, and the gradients of weights and input. */
    static void agree(
            LabBlock block,
            NDArray x,
            List<ProductKernel> kernels,
            BiFunction<ForwardContext, NDArray, NDArray> plain,
            BiFunction<ForwardContext, NDArray, NDArray> byKernel) {
        Map<String, float[]> expected = run(block, PLAIN, x, plain);
        for (ProductKernel kernel : kernels) {
            agree(run(block, by(kernel), x, byKernel), expected, tolerance(kernel), kernel.name());
        }
    }

    /**
     * The output "y" and the gradients of all weights and of the input, for a loss that weighs the output's elements by
     * random numbers.
     *
     * @param x the input, which is copied
     */
    static Map<String, float[]> run(
            LabBlock block,
            UnaryOperator<ForwardContext> form,
            NDArray x,
            BiFunction<ForwardContext, NDArray, NDArray> forward) {
        try (NDManager step = x.getManager().newSubManager()) {
            NDArray input = step.create(x.toFloatArray(), x.getShape());
            Map<String, float[]> all = new LinkedHashMap<>();
            all.putAll(gradients(block, step, form, input, pass -> {
                NDArray y = forward.apply(pass, input);
                all.put("y", y.toFloatArray());
                return y.mul(Modules.random(step, 7, y.getShape().getShape())).sum();
            }));
            return all;
        }
    }

    /** Gradients of every weight, and of the input ("input") if there is one. Each call draws the same dropout. */
    @SuppressWarnings("try") // a collector turns autograd on by being there
    static Map<String, float[]> gradients(
            LabBlock block,
            NDManager step,
            UnaryOperator<ForwardContext> form,
            NDArray input,
            Function<ForwardContext, NDArray> loss) {
        StepWeights weights = new StepWeights(step, block, true);
        ForwardContext pass = form.apply(ForwardContext.training(
                step, weights, DropPolicy.random(new SplittableRandom(3)), layer -> new SplittableRandom(layer)));
        if (input != null) {
            input.setRequiresGradient(true);
        }
        Engine.getInstance().setRandomSeed(9);
        try (GradientCollector gradientsOn = Engine.getInstance().newGradientCollector()) {
            pass.backward(loss.apply(pass));
        }
        Map<String, float[]> gradients = new LinkedHashMap<>();
        StateDict.of(block).trainable().values(weights::gradient).forEach((name, w) -> gradients.put(name, w.values()));
        if (input != null) {
            gradients.put("input", input.getGradient().toFloatArray());
        }
        return gradients;
    }

    /**
     * Each tensor is held to {@code tolerance} times its own largest element. What is zero in truth, as the gradient of
     * a key's bias, is rounding noise of the size of other gradients: so a tenth of the largest of all is added to
     * that.
     */
    static void agree(Map<String, float[]> actual, Map<String, float[]> expected, double tolerance, String what) {
        assertThat(actual.keySet()).as(what).isEqualTo(expected.keySet());
        double ofAll =
                expected.values().stream().mapToDouble(Forms::largest).max().orElseThrow();
        expected.forEach((name, values) -> {
            float bound = (float) (tolerance * (largest(values) + ofAll / 10));
            assertThat(actual.get(name)).as("%s: %s", what, name).containsExactly(values, within(bound));
        });
    }

    /** The smallest tolerance with which {@link #agree} holds. */
    static double difference(Map<String, float[]> actual, Map<String, float[]> expected) {
        double ofAll =
                expected.values().stream().mapToDouble(Forms::largest).max().orElseThrow();
        double difference = 0;
        for (Map.Entry<String, float[]> entry : expected.entrySet()) {
            float[] own = actual.get(entry.getKey());
            for (int i = 0; i < own.length; i++) {
                double distance = Math.abs((double) own[i] - entry.getValue()[i]);
                difference = Math.max(difference, distance / (largest(entry.getValue()) + ofAll / 10));
            }
        }
        return difference;
    }

    /** Whether all values are numbers of bfloat16. */
    static boolean isBfloat16(float... values) {
        for (float value : values) {
            if ((Float.floatToRawIntBits(value) & 0xffff) != 0) {
                return false;
            }
        }
        return true;
    }

    private static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** Numbers away from zero and one, where norms, biases and selection biases begin: a forgotten one shows. */
    static void move(LabBlock block) {
        change(block, (random, value) -> value + (float) (0.3 * random.nextGaussian()));
    }

    /** Each weight becomes its neighbor among the float32 numbers, up or down: what the last digit decides shows. */
    static void nudge(LabBlock block) {
        change(block, (random, value) -> random.nextBoolean() ? Math.nextUp(value) : Math.nextDown(value));
    }

    private static void change(LabBlock block, BiFunction<SplittableRandom, Float, Float> to) {
        StateDict dict = StateDict.of(block);
        Map<String, StateDict.Weight> weights = new LinkedHashMap<>(dict.weights());
        weights.replaceAll((name, weight) -> {
            SplittableRandom random = new SplittableRandom(name.hashCode());
            float[] values = weight.values().clone();
            for (int i = 0; i < values.length; i++) {
                values[i] = to.apply(random, values[i]);
            }
            return new StateDict.Weight(weight.shape(), values);
        });
        dict.load(weights);
    }
}
