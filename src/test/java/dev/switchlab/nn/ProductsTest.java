package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Products by convolution against plain matrix products: values, and gradients of input, weight and bias. */
class ProductsTest {

    private final NDManager manager = NDManager.newBaseManager(Device.cpu());

    @AfterEach
    void close() {
        manager.close();
    }

    /** Sizes on both sides of the one from which the kernel changes. */
    @ParameterizedTest
    @CsvSource({"7,3,5,4", "64,32,128,65", "9,257,33,1", "1,640,64,128"})
    void linear(long s, long b, long in, long out) {
        NDArray x = leaf(1, s, b, in);
        NDArray weight = leaf(2, out, in);
        NDArray bias = leaf(3, out);
        List<NDArray> leaves = List.of(x, weight, bias);
        List<float[]> expected = gradients(
                leaves,
                () -> x.reshape(s * b, in).matMul(weight.transpose()).add(bias).reshape(s, b, out));
        assertSame(gradients(leaves, () -> Products.linear(x, weight, bias)), expected);
        assertSame(gradients(leaves, () -> Products.linearByConvolution(x, weight, bias)), expected);
        assertSame(
                gradients(List.of(x, weight), () -> Products.linear(x, weight, null)),
                gradients(
                        List.of(x, weight),
                        () -> x.reshape(s * b, in).matMul(weight.transpose()).reshape(s, b, out)));
    }

    /** Both kernels, whichever this machine takes. */
    @ParameterizedTest
    @CsvSource({"1,4,8,3", "40,4,128,256", "5,1,16,16", "3,64,8,8"})
    void perExpert(long slots, int experts, long in, long out) {
        NDArray x = leaf(1, slots, experts, in);
        NDArray weight = leaf(2, experts, out, in);
        NDArray bias = leaf(3, experts, out);
        List<NDArray> leaves = List.of(x, weight, bias);
        List<float[]> expected = gradients(leaves, () -> oneByOne(x, weight, bias, experts));
        assertSame(gradients(leaves, () -> Products.perExpert(x, weight, bias)), expected);
        assertSame(gradients(leaves, () -> Products.perExpertByConvolution(x, weight, bias)), expected);
        assertSame(gradients(leaves, () -> Products.perExpertByProduct(x, weight, bias)), expected);
        assertSame(
                gradients(List.of(x, weight), () -> Products.perExpertByProduct(x, weight, null)),
                gradients(List.of(x, weight), () -> Products.perExpertByConvolution(x, weight, null)));
    }

    /** (C, E, in) to (C, E, out), an expert after the other. */
    private static NDArray oneByOne(NDArray x, NDArray weight, NDArray bias, int experts) {
        NDList outputs = new NDList();
        for (int expert = 0; expert < experts; expert++) {
            outputs.add(x.get(":, {}", expert)
                    .matMul(weight.get(expert).transpose())
                    .add(bias.get(expert))); // (C, out)
        }
        return NDArrays.stack(outputs, 1);
    }

    @Test
    void theSameBitsAgain() {
        NDArray x = leaf(1, 640, 4, 64);
        NDArray weight = leaf(2, 4, 128, 64);
        List<float[]> first = gradients(List.of(x, weight), () -> Products.perExpert(x, weight, null));
        for (int i = 0; i < 5; i++) {
            List<float[]> again = gradients(List.of(x, weight), () -> Products.perExpert(x, weight, null));
            for (int j = 0; j < first.size(); j++) {
                assertThat(again.get(j)).containsExactly(first.get(j));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 31, 33, 100, 513, 600, 1023, 4097})
    void roundedSlotsAreAtMostASixteenthMore(int slots) {
        int rounded = BatchedDispatch.rounded(slots);
        assertThat(rounded).isBetween(slots, slots + slots / 16);
        assertThat(BatchedDispatch.rounded(rounded)).isEqualTo(rounded);
    }

    private NDArray leaf(long seed, long... shape) {
        Shape of = new Shape(shape);
        float[] values = new float[Math.toIntExact(of.size())];
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextDouble() - 0.5);
        }
        NDArray leaf = manager.create(values, of);
        leaf.setRequiresGradient(true);
        return leaf;
    }

    /** The value of {@code product} and the gradients of the sum of its squares. */
    private List<float[]> gradients(List<NDArray> leaves, Supplier<NDArray> product) {
        leaves.forEach(leaf -> {
            leaf.setRequiresGradient(false);
            leaf.setRequiresGradient(true);
        });
        List<float[]> results = new ArrayList<>();
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            collector.zeroGradients();
            NDArray y = product.get();
            collector.backward(y.square().sum());
            results.add(y.toFloatArray());
        }
        leaves.forEach(leaf -> results.add(leaf.getGradient().toFloatArray()));
        return results;
    }

    private static void assertSame(List<float[]> actual, List<float[]> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            float largest = 0;
            float wrong = 0;
            assertThat(actual.get(i)).hasSameSizeAs(expected.get(i));
            for (int j = 0; j < actual.get(i).length; j++) {
                largest = Math.max(largest, Math.abs(expected.get(i)[j]));
                wrong = Math.max(wrong, Math.abs(actual.get(i)[j] - expected.get(i)[j]));
            }
            assertThat(wrong).as("tensor %d", i).isLessThan(1e-5f * largest);
        }
    }
}
