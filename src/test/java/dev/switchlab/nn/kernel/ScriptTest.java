package dev.switchlab.nn.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScriptTest {

    private static final Script SCRIPT = Script.of("script_test");

    @Test
    void runsAnOperatorWithoutGradients() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray x = manager.create(new float[] {1, 2, 3, 4}, new Shape(2, 2));
            x.setRequiresGradient(true);
            NDArray y = SCRIPT.tensor(manager, "product", x, manager.eye(2).mul(x.onesLike()));
            assertThat(y.hasGradient()).isFalse();
            assertThat(y.getManager()).isSameAs(manager);
            assertThat(SCRIPT.tensor(manager, "product", x, manager.eye(2)).toFloatArray())
                    .containsExactly(1, 2, 3, 4);
        }
    }

    @Test
    void isDifferentiatedLikeAnOperator() {
        try (NDManager manager = NDManager.newBaseManager();
                GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray x = manager.create(new float[] {1, 2, 3, 4}, new Shape(2, 2));
            x.setRequiresGradient(true);
            NDArray w = manager.create(new float[] {1, 10, 100, 1000}, new Shape(2, 2));
            NDArray y = SCRIPT.differentiable(manager, "product", x, w);
            assertThat(y.getManager()).isSameAs(manager);
            collector.backward(y.mul(y.onesLike()).sum());
            assertThat(x.getGradient().toFloatArray()).containsExactly(11, 1100, 11, 1100);
        }
    }

    /** Without inference mode autograd takes what comes out, though nothing wanted a gradient. */
    @Test
    void autogradTakesWhatComesOutOfADifferentiableMethod() {
        try (NDManager manager = NDManager.newBaseManager();
                GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            NDArray x = manager.create(new float[] {1, 2});
            NDArray[] results =
                    SCRIPT.differentiables(manager, "both", List.of(x, x), 1, 0.5, true, new long[] {2}, "positive");
            NDArray leaf = manager.create(new float[] {3, 4});
            leaf.setRequiresGradient(true);
            collector.backward(leaf.mul(results[0]).sum());
            assertThat(leaf.getGradient().toFloatArray()).containsExactly(1.5f, 2);
        }
    }

    @Test
    void takesAllKindsOfArguments() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray x = manager.create(new float[] {1, 2, 3, 4}, new Shape(2, 2));
            NDArray[] results =
                    SCRIPT.tensors(manager, "both", List.of(x, x), 1, 0.5, true, new long[] {4}, "negative");
            assertThat(results[0].toFloatArray()).containsExactly(-1.5f, -2, -2.5f, -3);
            assertThat(results[1].getShape()).isEqualTo(new Shape(4));
            assertThatThrownBy(() -> SCRIPT.tensor(manager, "product", x, 'w'))
                    .hasMessage("no TorchScript value for w");
        }
    }

    /** Lists of lists are made once for many calls. */
    @Test
    void takesListsOfListsAgainAndAgain() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray one = manager.create(1f);
            NDArray two = manager.create(2f);
            NDArray five = manager.create(5f);
            try (Script.Tensors lists = new Script.Tensors(List.of(List.of(one, two), List.of(five)))) {
                for (int i = 0; i < 2; i++) {
                    assertThat(SCRIPT.tensor(manager, "nested", lists).getFloat())
                            .isEqualTo(3);
                }
            }
        }
    }

    @Test
    void changesAnArgumentInPlace() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray x = manager.create(new float[] {1, 2});
            SCRIPT.run("twice", x);
            assertThat(x.toFloatArray()).containsExactly(2, 4);
        }
    }

    /** Methods of one file call those of another. */
    @Test
    void isMadeOfFiles() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray x = manager.create(new float[] {3, 4}, new Shape(1, 2));
            NDArray w = manager.ones(new Shape(1, 2));
            NDArray dy = manager.ones(new Shape(1, 1));
            assertThat(Script.of("linear", "experts", "kernel_timer")
                            .tensor(manager, "three_products", x, w, dy, ProductKernel.MATRIX.code())
                            .toFloatArray())
                    .containsExactly(1, 1);
        }
    }

    @Test
    void namesTheScriptThatDoesNotCompile() {
        try (NDManager manager = NDManager.newBaseManager()) {
            Script broken = Script.of("broken_test");
            NDArray x = manager.create(1f);
            assertThatThrownBy(() -> broken.tensor(manager, "f", x))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("broken_test")
                    .hasMessageContaining("no_such_op");
        }
    }
}
