package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import dev.switchlab.train.RoutingSnapshot;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What the experts of a run tell of the kind of character ({@link CharacterClass}) that they are given: mutual
 * information of expert and kind over the entropy of the kinds, 0 to 1 (normalized as by Theil's U), on the text that
 * the run routed again and again. An untrained router tells of it too, and so does every function of the character.
 *
 * @param layers the sparse layers, in order
 * @param hashed mean information of random hashes of the character to the experts, which have learned nothing; NaN
 *     without layers
 */
public record Specialization(List<Layer> layers, double hashed) {

    /**
     * A sparse layer.
     *
     * @param information of expert and kind, by the newest routing
     * @param untrained by the first routing, before the first step
     */
    public record Layer(double information, double untrained) {}

    private static final int HASHES = 20;

    /**
     * Reads the first and the newest routing of a run; of no layers where it kept none.
     *
     * @throws IllegalArgumentException in one line, if an artifact is damaged or does not belong to the other
     */
    public static Specialization of(RunSource source, Run run) {
        List<String> paths = RouterSaturation.snapshots(source, run);
        if (paths.isEmpty()) {
            return new Specialization(List.of(), Double.NaN);
        }
        RoutingSnapshot untrained = RouterSaturation.read(source, run, paths.get(0));
        RoutingSnapshot newest = RouterSaturation.read(source, run, paths.get(paths.size() - 1));
        RouterSaturation.requireSameText(run, untrained, newest);
        return of(untrained, newest);
    }

    /** Of two routings of one text. */
    static Specialization of(RoutingSnapshot untrained, RoutingSnapshot newest) {
        int[] text = newest.text().stream().flatMapToInt(String::codePoints).toArray();
        CharacterClass[] kinds = newest.text().stream()
                .map(window -> window.codePoints().toArray())
                .flatMap(window -> IntStream.range(0, window.length).mapToObj(i -> CharacterClass.of(window, i)))
                .toArray(CharacterClass[]::new);
        List<Layer> layers = IntStream.range(0, newest.layers().size())
                .mapToObj(layer -> new Layer(
                        information(kinds, newest.layers().get(layer), newest),
                        information(kinds, untrained.layers().get(layer), newest)))
                .toList();
        SplittableRandom random = new SplittableRandom(1);
        double hashed = IntStream.range(0, HASHES)
                .mapToDouble(hash -> information(kinds, hashed(text, newest, random), newest))
                .average()
                .orElseThrow();
        return new Specialization(layers, hashed);
    }

    /** A layer in which each character has a random expert of its own, and the experts after it as further choices. */
    private static int[] hashed(int[] text, RoutingSnapshot routing, SplittableRandom random) {
        Map<Integer, Integer> experts = new HashMap<>();
        return IntStream.range(0, text.length * routing.choices())
                .map(pair -> {
                    int first = experts.computeIfAbsent(
                            text[pair / routing.choices()], character -> random.nextInt(routing.experts()));
                    return (first + pair % routing.choices()) % routing.experts();
                })
                .toArray();
    }

    private static double information(CharacterClass[] kinds, int[] layer, RoutingSnapshot routing) {
        Map<CharacterClass, int[]> counts = new EnumMap<>(CharacterClass.class);
        for (int pair = 0; pair < layer.length; pair++) {
            int token = pair / routing.choices();
            // What comes before a window's first character, and so its kind, is not known.
            if (token % routing.seqLen() > 0) {
                counts.computeIfAbsent(kinds[token], kind -> new int[routing.experts()])[layer[pair]]++;
            }
        }
        return RoutingTables.information(List.copyOf(counts.values()));
    }

    /** Mean over layers, such as of {@code Layer::information}; NaN without layers. */
    public double mean(ToDoubleFunction<Layer> of) {
        return layers.stream().mapToDouble(of).average().orElse(Double.NaN);
    }
}
