package dev.switchlab.paper;

import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** Percentile bootstrap over seeds: 95 % intervals of what is computed of several runs. The same at every call. */
final class Bootstrap {

    private static final int RESAMPLES = 2000;

    private Bootstrap() {}

    /** As many of the seeds as there are, drawn with replacement, again and again. */
    static List<List<String>> samples(Collection<String> seeds) {
        List<String> all = List.copyOf(seeds);
        SplittableRandom random = new SplittableRandom(1);
        return Stream.generate(() -> random.ints(all.size(), 0, all.size())
                        .mapToObj(all::get)
                        .toList())
                .limit(RESAMPLES)
                .toList();
    }

    /** The middle 95 % of what samples give. */
    static double[] interval(Collection<String> seeds, ToDoubleFunction<List<String>> statistic) {
        return middle(samples(seeds).stream().mapToDouble(statistic));
    }

    /** The bounds of the middle 95 % of values. */
    static double[] middle(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        int cut = sorted.length / 40;
        return new double[] {sorted[cut], sorted[sorted.length - 1 - cut]};
    }
}
