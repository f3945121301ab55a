package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Rotary position embedding (arXiv 2104.09864), pairing feature i with i + W/2: each pair is turned by position *
 * 10000^(-2i/W).
 */
final class Rotary {

    private static final double BASE = 10_000;

    private final int features;
    private final Map<Long, Tables> tables = new HashMap<>();

    /** For heads of {@code features} features, an even number. */
    Rotary(int features) {
        if (features % 2 != 0) {
            throw new IllegalArgumentException("rotary positions need an even head width, got " + features);
        }
        this.features = features;
    }

    /** (S, B * H, W) to the same, turned by position. */
    NDArray apply(NDManager modelManager, NDArray x) {
        Tables table = table(modelManager, x.getShape().get(0));
        NDList halves = x.split(2, 2);
        NDArray a = halves.get(0); // (S, B * H, W / 2)
        NDArray b = halves.get(1); // (S, B * H, W / 2)
        NDArray first = a.mul(table.cos).sub(b.mul(table.sin));
        NDArray second = a.mul(table.sin).add(b.mul(table.cos));
        return NDArrays.concat(new NDList(first, second), 2); // (S, B * H, W)
    }

    private Tables table(NDManager modelManager, long seqLen) {
        return tables.computeIfAbsent(seqLen, s -> tables(modelManager, s.intValue(), features));
    }

    /** Cosines and sines of the first S positions, (S, W / 2) each, as kernels take them. */
    List<NDArray> angles(NDManager modelManager, long seqLen) {
        return table(modelManager, seqLen).flat;
    }

    /** Forgets tables, which died with the manager they were made in. */
    void clear() {
        tables.clear();
    }

    /** The angles of the first {@code seqLen} positions. */
    private static Tables tables(NDManager manager, int seqLen, int features) {
        int half = features / 2;
        float[] cos = new float[seqLen * half];
        float[] sin = new float[seqLen * half];
        for (int position = 0; position < seqLen; position++) {
            for (int i = 0; i < half; i++) {
                double angle = position * StrictMath.pow(BASE, -2.0 * i / features);
                cos[position * half + i] = (float) StrictMath.cos(angle);
                sin[position * half + i] = (float) StrictMath.sin(angle);
            }
        }
        Shape shape = new Shape(seqLen, 1, half);
        Shape flat = new Shape(seqLen, half);
        return new Tables(
                manager.create(cos, shape),
                manager.create(sin, shape),
                List.of(manager.create(cos, flat), manager.create(sin, flat)));
    }

    /** Both (S, 1, W / 2), and both as (S, W / 2). */
    private record Tables(NDArray cos, NDArray sin, List<NDArray> flat) {}
}
