package dev.switchlab.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TapeTest {

    private final Tape tape = new Tape();

    /** {@code y = factor * x}, by hand; what is given on is kept in {@code seen}. */
    private NDArray times(NDArray x, float factor, List<NDArray> seen) {
        NDArray y = x.mul(x.getManager().create(factor));
        tape.record(y, dy -> {
            NDArray dx = dy.mul(dy.getManager().create(factor));
            seen.add(dx);
            tape.add(x, dx);
        });
        return y;
    }

    private void backward(NDArray y) {
        underAutograd(() -> tape.backward(tape.leaf(y).sum()));
    }

    @SuppressWarnings("try") // a collector turns autograd on by being there
    private static void underAutograd(Runnable body) {
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
            body.run();
        }
    }

    @Test
    void piecesRunLastToFirst() {
        try (NDManager manager = NDManager.newBaseManager()) {
            List<NDArray> seen = new ArrayList<>();
            NDArray x = manager.create(new float[] {1, 2});
            backward(times(times(x, 2, seen), 5, seen));
            assertThat(seen).hasSize(2);
            assertThat(tape.gradient(x).toFloatArray()).containsExactly(10, 10);
            assertThat(tape.gradient(x)).isSameAs(seen.get(1));
        }
    }

    @Test
    void gradientsThatWereUsedAreFreed() {
        try (NDManager manager = NDManager.newBaseManager()) {
            List<NDArray> seen = new ArrayList<>();
            NDArray x = manager.create(new float[] {1, 2});
            backward(times(times(times(x, 2, seen), 5, seen), 3, seen));
            assertThat(seen).extracting(NDArray::isReleased).containsExactly(true, true, false);
        }
    }

    /** {@code x + x}: one tensor arrives as a gradient twice, and as that of another tensor, too. */
    @Test
    void gradientsOfOneTensorAreSummed() {
        try (NDManager manager = NDManager.newBaseManager()) {
            List<NDArray> seen = new ArrayList<>();
            NDArray x = manager.create(new float[] {1, 2});
            NDArray z = manager.create(new float[] {3, 4});
            NDArray doubled = times(x, 2, seen);
            NDArray sum = doubled.add(doubled).add(x).add(z);
            tape.record(sum, dy -> {
                tape.add(doubled, dy);
                tape.add(z, dy);
                tape.add(doubled, dy);
                tape.add(x, dy);
            });
            backward(sum);
            assertThat(tape.gradient(x).toFloatArray()).containsExactly(5, 5);
            assertThat(tape.gradient(z).toFloatArray()).containsExactly(1, 1);
        }
    }

    /** Where nothing arrives, nothing is asked. */
    @Test
    void aPieceWithoutAGradientIsNotRun() {
        try (NDManager manager = NDManager.newBaseManager()) {
            List<NDArray> seen = new ArrayList<>();
            NDArray x = manager.create(new float[] {1, 2});
            NDArray y = times(x, 2, seen);
            times(x, 7, seen);
            backward(y);
            assertThat(seen).hasSize(1);
            assertThat(tape.gradient(x).toFloatArray()).containsExactly(2, 2);
        }
    }

    @Test
    void autogradTakesOverInBetween() {
        try (NDManager manager = NDManager.newBaseManager()) {
            List<NDArray> seen = new ArrayList<>();
            NDArray x = manager.create(new float[] {1, 2});
            underAutograd(() -> {
                NDArray leaf = tape.leaf(times(x, 2, seen));
                NDArray square = tape.source(() -> leaf.mul(leaf)); // 4 x^2
                tape.backward(tape.leaf(times(square, 3, seen)).sum());
            });
            assertThat(tape.gradient(x).toFloatArray()).containsExactly(24, 48);
        }
    }

    /** What pieces kept is freed by then. */
    @Test
    void goesBackwardOnce() {
        try (NDManager manager = NDManager.newBaseManager()) {
            backward(times(manager.create(new float[] {1, 2}), 2, new ArrayList<>()));
            assertThatThrownBy(() -> tape.backward(manager.create(1f)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("a tape goes backward once: what its pieces kept is freed; make another forward pass");
        }
    }
}
