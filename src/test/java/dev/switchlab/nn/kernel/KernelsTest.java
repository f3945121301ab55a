package dev.switchlab.nn.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import dev.switchlab.nn.kernel.KernelTimer.Product;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KernelsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "matrix",
                "linear/matrix/convolution",
                "dense=convolution/convolution/matrix experts=matrix",
                "dense=bfloat16 experts=matrix"
            })
    void areTheirText(String text) {
        assertThat(Kernels.parse(text)).hasToString(text);
        assertThat(Kernels.parse(Kernels.parse(text).toString())).isEqualTo(Kernels.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"fast", "", "matrix/matrix", "dense=matrix", "dense=matrix expert=matrix", "matrix matrix"})
    void otherTextIsRefusedInOneLine(String text) {
        assertThatThrownBy(() -> Kernels.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(
                        "KERNELS is '" + text + "', allowed: auto, or one of matrix, convolution, linear, bfloat16")
                .hasMessageContaining("for example KERNELS=matrix")
                .message()
                .doesNotContain("\n");
    }

    @Test
    void nothingTimedIsAMatrixProduct() {
        try (NDManager manager = NDManager.newBaseManager()) {
            assertThat(KernelTimer.fastest(manager, List.of(new Product(64, 16, 16)), System.nanoTime() - 1))
                    .isEqualTo(ProductKernels.MATRIX);
        }
    }

    @Test
    void timingChoosesAmongThoseOfFloat32() {
        try (NDManager manager = NDManager.newBaseManager()) {
            ProductKernels fastest =
                    KernelTimer.fastest(manager, List.of(new Product(64, 16, 16)), System.nanoTime() + 60_000_000_000L);
            assertThat(List.of(fastest.forward(), fastest.dataGradient(), fastest.weightGradient()))
                    .doesNotContain(ProductKernel.BFLOAT16);
        }
    }
}
