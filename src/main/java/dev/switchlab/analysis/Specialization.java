package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import dev.switchlab.train.RoutingSnapshot;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What the experts of a run tell of the kind of character ({@link CharacterClass}) that they are given, by the newest
 * routing that it kept: mutual information of expert and kind over the entropy of the kinds, 0 to 1 (normalized as by
 * Theil's U). Finitely many tokens have some of it by chance: that of the same experts, dealt to the same tokens in
 * another order.
 *
 * @param layers the sparse layers, in order
 */
public record Specialization(List<Layer> layers) {

    /**
     * A sparse layer.
     *
     * @param information of expert and kind
     * @param chance mean information over shuffled routings
     * @param highestChance the greatest of those
     */
    public record Layer(double information, double chance, double highestChance) {}

    private static final int SHUFFLES = 20;

    /**
     * Reads the newest routing of a run; of no layers where it kept none.
     *
     * @throws IllegalArgumentException in one line, if the artifact is damaged
     */
    public static Specialization of(RunSource source, Run run) {
        List<String> paths = RouterSaturation.snapshots(source, run);
        return paths.isEmpty()
                ? new Specialization(List.of())
                : of(RouterSaturation.read(source, run, paths.get(paths.size() - 1)));
    }

    /** Of a routing. */
    public static Specialization of(RoutingSnapshot routing) {
        CharacterClass[] kinds = kinds(routing);
        SplittableRandom random = new SplittableRandom(1);
        List<Layer> layers = new ArrayList<>();
        for (int[] layer : routing.layers()) {
            int[] dealt = layer.clone();
            DoubleSummaryStatistics chance = IntStream.range(0, SHUFFLES)
                    .mapToDouble(i -> {
                        shuffle(dealt, random);
                        return information(kinds, dealt, routing);
                    })
                    .summaryStatistics();
            layers.add(new Layer(information(kinds, layer, routing), chance.getAverage(), chance.getMax()));
        }
        return new Specialization(List.copyOf(layers));
    }

    private static CharacterClass[] kinds(RoutingSnapshot routing) {
        return routing.text().stream()
                .map(window -> window.codePoints().toArray())
                .flatMap(text -> IntStream.range(0, text.length).mapToObj(i -> CharacterClass.of(text, i)))
                .toArray(CharacterClass[]::new);
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

    private static void shuffle(int[] values, SplittableRandom random) {
        for (int i = values.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int value = values[i];
            values[i] = values[other];
            values[other] = value;
        }
    }

    /** Mean over layers, such as of {@code Layer::information}; NaN without layers. */
    public double mean(ToDoubleFunction<Layer> of) {
        return layers.stream().mapToDouble(of).average().orElse(Double.NaN);
    }
}
