package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.switchlab.nn.kernel.SumKernel;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Reverse-mode differentiation in pieces, of which some know their gradient by heart and the rest is left to autograd.
 *
 * <p>A piece takes tensors in, gives one out, and {@linkplain #record records} what turns the gradient of its output
 * into gradients of its inputs and weights. Autograd does not see across: a tensor between two pieces is cut off from
 * its history. {@link #backward} lets autograd differentiate the loss down to the {@linkplain #leaf leaves}, then runs
 * the pieces last to first. Tensors are known by identity.
 */
public final class Tape {

    private final List<Consumer<BackwardListener>> pieces = new ArrayList<>();
    private final IdentityHashMap<NDArray, NDArray> gradients = new IdentityHashMap<>();

    /**
     * How many tensors a gradient is still of: the last one frees it, and the next piece writes into memory that is
     * still in the cache.
     */
    private final IdentityHashMap<NDArray, Integer> uses = new IdentityHashMap<>();

    private boolean wentBackward;

    /**
     * A piece that differentiates by hand.
     *
     * @param output what it gave
     * @param backward gets the output's gradient, which it leaves as it is, and {@linkplain #add adds} those of its
     *     inputs; not called where no gradient arrives
     */
    void record(NDArray output, Consumer<NDArray> backward) {
        pieces.add(listener -> {
            NDArray gradient = gradients.remove(output);
            if (gradient != null) {
                backward.accept(gradient);
                release(gradient);
            }
        });
    }

    /** The forward pass through {@code block} begins, and the backward pass through it will end here. */
    void begin(Block block) {
        pieces.add(listener -> listener.complete(block));
    }

    /** A tensor where autograd begins: what is computed from the result, autograd differentiates down to here. */
    public NDArray leaf(NDArray x) {
        NDArray leaf = x.duplicate(); // autograd takes no tensor that a script made, only a copy
        leaf.attach(x.getManager());
        leaf.setRequiresGradient(true);
        pieces.add(listener -> {
            if (leaf.hasGradient()) {
                NDArray gradient = leaf.getGradient();
                gradient.attach(x.getManager());
                add(x, gradient);
            }
        });
        return leaf;
    }

    /** A piece that autograd differentiates, of weights or of leaves: its result is cut off. */
    NDArray source(Supplier<NDArray> f) {
        NDArray inside = f.get();
        NDArray output = inside.stopGradient();
        output.attach(inside.getManager());
        record(output, gradient -> differentiate(inside, gradient, false));
        return output;
    }

    /**
     * Adds to the gradient of {@code x}, an input of a piece or of the whole.
     *
     * @param gradient the tape's from here on, if it is not the gradient of a tensor already
     */
    void add(NDArray x, NDArray gradient) {
        NDArray before = gradients.get(x);
        if (before == null) {
            keep(x, gradient);
            return;
        }
        if (uses.containsKey(gradient)) {
            keep(x, before.add(gradient));
        } else {
            SumKernel.add(gradient, before);
            keep(x, gradient);
        }
        release(before);
    }

    private void keep(NDArray x, NDArray gradient) {
        uses.merge(gradient, 1, Integer::sum);
        gradients.put(x, gradient);
    }

    private void release(NDArray gradient) {
        if (uses.merge(gradient, -1, Integer::sum) == 0) {
            uses.remove(gradient);
            gradient.close();
        }
    }

    /** What has arrived at {@code x}, an input that no piece gave. */
    public NDArray gradient(NDArray x) {
        return gradients.get(x);
    }

    /**
     * Differentiates {@code loss}, a scalar that autograd knows down to the leaves; gradients of weights go where the
     * pass keeps them. Once: pieces free what they kept.
     */
    public void backward(NDArray loss) {
        backward(loss, BackwardListener.NONE);
    }

    /** The same, followed by {@code listener}. */
    void backward(NDArray loss, BackwardListener listener) {
        if (wentBackward) {
            throw new IllegalStateException(
                    "a tape goes backward once: what its pieces kept is freed; make another forward pass");
        }
        wentBackward = true;
        try (NDArray one = loss.onesLike()) {
            differentiate(loss, one, true);
        }
        for (int i = pieces.size() - 1; i >= 0; i--) {
            pieces.get(i).accept(listener);
            listener.advanced();
        }
    }

    /**
     * Part of autograd's graph is needed twice: gates go into the output, the scores that they come from also into the
     * router's losses.
     */
    static void differentiate(NDArray y, NDArray gradient, boolean keepGraph) {
        JniUtils.backward((PtNDArray) y, (PtNDArray) gradient, keepGraph, false);
    }
}
