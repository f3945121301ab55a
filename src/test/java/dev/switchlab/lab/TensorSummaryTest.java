package dev.switchlab.lab;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.junit.jupiter.api.Test;

class TensorSummaryTest {

    @Test
    void aSmallTensorShowsWhole() {
        try (NDManager manager = NDManager.newBaseManager()) {
            assertThat(TensorSummary.of(manager.create(new int[] {1, -2, 3, 4}, new Shape(2, 2))))
                    .isEqualTo("int32 (2, 2) on cpu: mean 1.5000, min -2, max 4\n[[1, -2],\n [3, 4]]");
            assertThat(TensorSummary.of(manager.create(2.5f))).isEqualTo("float32 () on cpu\n2.5000");
            assertThat(TensorSummary.of(manager.create(new boolean[] {true, false})))
                    .startsWith("boolean (2) on cpu");
        }
    }

    @Test
    void aLargeTensorShowsItsEdges() {
        try (NDManager manager = NDManager.newBaseManager()) {
            String text = TensorSummary.of(manager.arange(1000f).reshape(100, 10));
            assertThat(text)
                    .startsWith("float32 (100, 10) on cpu: mean 499.5000, min 0, max 999.0000\n")
                    .contains("[0, 1.0000, 2.0000, ..., 7.0000, 8.0000, 9.0000],")
                    .endsWith("[990.0000, 991.0000, 992.0000, ..., 997.0000, 998.0000, 999.0000]]");
            assertThat(text.lines()).hasSize(8);
        }
    }

    @Test
    void nanIsCountedAndLeftOutOfTheStatistics() {
        try (NDManager manager = NDManager.newBaseManager()) {
            assertThat(TensorSummary.line(manager.create(new float[] {1, Float.NaN, 3})))
                    .isEqualTo("float32 (3) on cpu: mean 2.0000, min 1.0000, max 3.0000; 1 of 3 are NaN or infinite");
        }
    }

    @Test
    void halfFloatsEmptyAndClosedTensorsAreSaid() {
        NDArray closed;
        try (NDManager manager = NDManager.newBaseManager()) {
            assertThat(TensorSummary.of(manager.ones(new Shape(2)).toType(DataType.FLOAT16, true)))
                    .isEqualTo("float16 (2) on cpu");
            assertThat(TensorSummary.of(manager.zeros(new Shape(0, 3)))).isEqualTo("float32 (0, 3) on cpu");
            closed = manager.ones(new Shape(2));
        }
        assertThat(TensorSummary.of(closed)).isEqualTo("a tensor that is closed");
    }

    @Test
    void aParameterThatNeedsGradientsShows() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray parameter = manager.ones(new Shape(2));
            parameter.setRequiresGradient(true);
            assertThat(TensorSummary.of(parameter)).startsWith("float32 (2) on cpu: mean 1.0000");
        }
    }
}
