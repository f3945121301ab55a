package dev.switchlab.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.RouterKind;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * The experts of tokens where nothing is learned: {@link RouterKind#HASH} and {@link RouterKind#RANDOM}. They are told
 * as logits, so that plan, losses and statistics are those of any router.
 */
final class FixedRoutes {

    /** So far above the 0 of all other logits that its softmax is 1 in float32. */
    private static final float CERTAIN = 100;

    private FixedRoutes() {}

    /**
     * Logits (N, E) of a pass' {@code n} tokens.
     *
     * @param sequences B: token t belongs to sequence t mod B
     */
    static NDArray logits(ForwardContext pass, ModelConfig model, int layer, int n, int sequences) {
        int[] experts = model.router() == RouterKind.RANDOM && pass.training()
                ? drawn(pass, model, layer, n)
                : fixed(pass, model, layer, n, sequences);
        float[] logits = new float[n * model.nExperts()];
        for (int t = 0; t < n; t++) {
            logits[t * model.nExperts() + experts[t]] = CERTAIN;
        }
        return pass.manager().create(logits, new Shape(n, model.nExperts())); // (N, E)
    }

    /** Drawn for the whole batch, of which a rank keeps its own. */
    private static int[] drawn(ForwardContext pass, ModelConfig model, int layer, int n) {
        RandomGenerator random = pass.exploration().apply(layer);
        BatchShard part = pass.shard();
        int[] whole = IntStream.range(0, n * part.world().size())
                .map(t -> random.nextInt(model.nExperts()))
                .toArray();
        return part.isAll()
                ? whole
                : Arrays.stream(part.tokens(n)).map(t -> whole[t]).toArray();
    }

    private static int[] fixed(ForwardContext pass, ModelConfig model, int layer, int n, int sequences) {
        boolean hash = model.router() == RouterKind.HASH;
        if (hash && pass.tokens() == null) {
            throw new IllegalStateException("model.router=hash chooses experts by tokens, which a block by itself does"
                    + " not see; allowed there: learned, frozen, random; example: model.router=random");
        }
        long[] tokens = hash ? HostCopy.longs(pass.tokens()) : new long[0];
        Map<Integer, Integer> known = new HashMap<>();
        return IntStream.range(0, n)
                .map(t -> hash ? Math.toIntExact(tokens[t]) : t / sequences)
                .map(number -> known.computeIfAbsent(number, own -> expert(own, layer, model.nExperts())))
                .toArray();
    }

    /**
     * One of {@code e} experts for a token of the vocabulary, or for a position. In each layer both are dealt out like
     * cards, in rounds of E, each of them shuffled anew: the numbers of tokens (or positions) of two experts differ by
     * one at most.
     */
    static int expert(int number, int layer, int e) {
        int[] round = IntStream.range(0, e).toArray();
        RandomGenerator random = new SplittableRandom((long) layer << Integer.SIZE | number / e);
        for (int i = e - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int kept = round[i];
            round[i] = round[j];
            round[j] = kept;
        }
        return round[number % e];
    }
}
