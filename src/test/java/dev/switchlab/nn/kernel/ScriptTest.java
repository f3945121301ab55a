package dev.switchlab.nn.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScriptTest {

    private static final Script SCRIPT = Script.of("test", """
            def product(self, x: Tensor, w: Tensor) -> Tensor:
              return torch.matmul(x, w)
            def both(self, all: List[Tensor], n: int, by: float, on: bool, sizes: List[int]) -> List[Tensor]:
              a = torch.mul(all[0], by)
              if on:
                a = torch.add(a, n)
              return [a, torch.reshape(all[1], sizes)]
            def twice(self, x: Tensor) -> int:
              torch.mul_(x, 2)
              return 0
            """);

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
    void takesAllKindsOfArguments() {
        try (NDManager manager = NDManager.newBaseManager()) {
            NDArray x = manager.create(new float[] {1, 2, 3, 4}, new Shape(2, 2));
            NDArray[] results = SCRIPT.tensors(manager, "both", List.of(x, x), 1, 0.5, true, new long[] {4});
            assertThat(results[0].toFloatArray()).containsExactly(1.5f, 2, 2.5f, 3);
            assertThat(results[1].getShape()).isEqualTo(new Shape(4));
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

    @Test
    void namesTheScriptThatDoesNotCompile() {
        try (NDManager manager = NDManager.newBaseManager()) {
            Script broken = Script.of("broken", "def f(self, x: Tensor) -> Tensor:\n  return torch.no_such_op(x)\n");
            NDArray x = manager.create(1f);
            assertThatThrownBy(() -> broken.tensor(manager, "f", x))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("broken")
                    .hasMessageContaining("no_such_op");
        }
    }
}
