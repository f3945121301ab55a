package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.switchlab.nn.kernel.Script;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The graph of one forward pass in training, cut into pieces that libtorch differentiates one after the other, last to
 * first.
 *
 * <p>A pass is cut where a gradient is written by hand, which is at experts (their rows may be on other ranks, too) and
 * at norms by root mean square, and where a layer begins, so that the gradients of a layer are known to be complete.
 * All tensors that are read behind a cut have to cross it: a path around a cut would be differentiated too early.
 */
final class Graph {

    private static final Script SCRIPT = Script.of("autograd");

    private final List<Cut> cuts = new ArrayList<>();
    private boolean wentBackward;

    /** A function of one tensor whose gradient libtorch does not know. */
    interface Function {

        /** x to y. */
        NDArray forward(NDArray x);

        /** dy to dx; called once at most. */
        NDArray backward(NDArray dy);
    }

    /** Cuts the graph here. */
    Cut cut() {
        Cut cut = new Cut(true);
        cuts.add(cut);
        return cut;
    }

    /** Cuts the graph at the input of {@code block}. */
    Cut begin(Block block) {
        Cut cut = cut();
        cut.begun = block;
        return cut;
    }

    /**
     * Differentiates {@code loss}, a scalar. Once: what libtorch kept for it is freed.
     *
     * @param complete is told each block that {@link #begin} names, when all gradients of its weights are there
     */
    void backward(NDArray loss, Consumer<Block> complete) {
        if (wentBackward) {
            throw new IllegalStateException("a pass is differentiated once; make another forward pass");
        }
        wentBackward = true;
        try (NDArray one = loss.onesLike()) {
            JniUtils.backward((PtNDArray) loss, (PtNDArray) one, false, false);
        }
        for (int i = cuts.size() - 1; i >= 0; i--) {
            Cut cut = cuts.get(i);
            cut.backward();
            if (cut.begun != null) {
                complete.accept(cut.begun);
            }
        }
    }

    /** No cut, where nothing is differentiated, or libtorch differentiates all. */
    static Cut none() {
        return new Cut(false);
    }

    /** One cut, and the tensors that cross it. */
    static final class Cut {

        private final boolean cuts;

        private final List<Crossing> crossings = new ArrayList<>();
        private Block begun;

        private Cut(boolean cuts) {
            this.cuts = cuts;
        }

        /** @param function what is between both; null where both are one tensor */
        private record Crossing(NDArray before, NDArray behind, Function function) {}

        /** Whether there is a cut here: {@link #none} is none. */
        boolean cuts() {
            return cuts;
        }

        /** The tensor {@code x} behind the cut; not to be closed. */
        NDArray carry(NDArray x) {
            if (!cuts) {
                return x;
            }
            NDArray behind = x.stopGradient(); // the same memory
            behind.setRequiresGradient(true);
            crossings.add(new Crossing(x, behind, null));
            return behind;
        }

        /** What {@code function} makes of {@code x}, behind the cut; not to be closed. */
        NDArray through(NDArray x, Function function) {
            if (!cuts) {
                return function.forward(x);
            }
            NDArray behind;
            try (NDArray input = x.stopGradient()) {
                behind = function.forward(input);
            }
            behind.setRequiresGradient(true);
            crossings.add(new Crossing(x, behind, function));
            return behind;
        }

        private void backward() {
            List<NDArray> tensors = new ArrayList<>();
            List<NDArray> gradients = new ArrayList<>();
            for (Crossing crossing : crossings) {
                // Null where nothing arrived; NDArray.getGradient would give zeros.
                NDArray gradient = JniUtils.getGradient((PtNDArray) crossing.behind);
                if (gradient != null) {
                    if (crossing.function != null) {
                        try (NDArray dy = gradient) {
                            gradient = crossing.function.backward(dy);
                        }
                    }
                    tensors.add(crossing.before);
                    gradients.add(gradient);
                }
                crossing.behind.close();
            }
            SCRIPT.runDifferentiable("backward", tensors, gradients);
            gradients.forEach(NDArray::close);
        }
    }
}
