package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig.Positions;
import dev.switchlab.nn.kernel.Kernels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MultiHeadAttentionTest {

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void causalMaskHidesTheFuture(boolean byKernels) {
        try (NDManager manager = NDManager.newBaseManager()) {
            float[] before = causal(manager, byKernels, 0);
            float[] after = causal(manager, byKernels, 1);
            assertThat(java.util.Arrays.copyOf(after, 3 * 8)).containsExactly(java.util.Arrays.copyOf(before, 3 * 8));
            assertThat(after[3 * 8]).isNotEqualTo(before[3 * 8]);
        }
    }

    /** Rotary scores depend on the distance alone: shifting both positions changes nothing. */
    @Test
    void rotaryDependsOnDistance() {
        try (NDManager manager = NDManager.newBaseManager()) {
            Rotary rotary = new Rotary(6);
            NDArray q = Modules.random(manager, 1, 1, 1, 6).repeat(0, 5); // (S, 1, W), one vector everywhere
            NDArray k = Modules.random(manager, 2, 1, 1, 6).repeat(0, 5); // (S, 1, W)
            NDArray turnedQ = rotary.apply(manager, q);
            NDArray turnedK = rotary.apply(manager, k);
            float first = turnedQ.get(1).mul(turnedK.get(0)).sum().getFloat();
            float shifted = turnedQ.get(4).mul(turnedK.get(3)).sum().getFloat();
            float other = turnedQ.get(4).mul(turnedK.get(0)).sum().getFloat();
            assertThat(shifted).isEqualTo(first, within(1e-5f));
            assertThat(Math.abs(other - first)).isGreaterThan(1e-3f);
            assertThat(turnedQ.get(0).toFloatArray()).containsExactly(q.get(0).toFloatArray(), within(1e-7f));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void maskOfAnotherShapeIsRefusedWithBothShapes(boolean byKernels) {
        try (NDManager manager = NDManager.newBaseManager()) {
            MultiHeadAttention attention =
                    Modules.initialize(new MultiHeadAttention(2, 8, 0, true, Positions.NONE), manager, 1);
            NDArray x = Modules.random(manager, 1, 4, 2, 8);
            AttentionMask mask = AttentionMask.causal(manager, 5);
            ForwardContext pass = pass(manager, attention, byKernels);
            assertThatThrownBy(() -> attention.forward(pass, x, x, x, mask))
                    .hasMessageContaining("(5, 5, 1)")
                    .hasMessageContaining("4 queries");
        }
    }

    @Test
    void headsMustDivideTheWidth() {
        assertThatThrownBy(() -> new MultiHeadAttention(3, 8, 0, true, Positions.NONE))
                .hasMessageContaining("3 does not divide 8");
    }

    private static float[] causal(NDManager manager, boolean byKernels, float lastValue) {
        MultiHeadAttention attention =
                Modules.initialize(new MultiHeadAttention(2, 8, 0, true, Positions.NONE), manager, 1);
        float[] values = Modules.random(manager, 1, 4, 1, 8).toFloatArray();
        values[3 * 8] = lastValue;
        NDArray x = manager.create(values, new Shape(4, 1, 8));
        return attention
                .forward(pass(manager, attention, byKernels), x, x, x, AttentionMask.causal(manager, 4))
                .toFloatArray();
    }

    private static ForwardContext pass(NDManager manager, MultiHeadAttention attention, boolean byKernels) {
        ForwardContext pass =
                ForwardContext.evaluation(manager, new StepWeights(manager, attention, false), DropPolicy.byPosition());
        return byKernels ? pass.by(Kernels.MATRIX) : pass;
    }
}
