package dev.switchlab.analysis;

import dev.switchlab.experiment.MetricNames;
import dev.switchlab.runs.Run;
import dev.switchlab.train.RoutingSnapshot;
import dev.switchlab.train.RoutingTrace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;

/** Reports of runs that never were, with numbers that look like a training's. */
final class FakeReports {

    /** Long, and full of what HTML and JavaScript must not take for theirs. */
    static final String NAME = "a rather long name of a run, seed 1 </script><b>'\"&";

    private static final String TEXT =
            "It was the <best> of times,\nit was the worst of times.\n'A & B', said 2.\n".repeat(8);
    private static final int POINTS = 201;

    private FakeReports() {}

    /**
     * A run report with {@code nExperts} in each of {@code nLayers}; no layers for a dense model. Returns its drawings.
     */
    static Map<String, String> run(Path file, int nLayers, int nExperts) throws IOException {
        String id = "0123456789abcdef0123456789abcdef";
        Fakes fakes = new Fakes()
                .run(id, NAME, "seed=1", "model.n_experts=" + nExperts)
                .metric(id, "train/cross_entropy", values(2000, FakeReports::noisyLoss))
                .metric(id, "valid/cross_entropy", values(5, i -> 2.5 - 0.1 * i))
                .metric(id, "valid/accuracy", 0.31)
                .metric(id, "train/load_balance", values(POINTS, i -> nLayers * (1 + 0.5 / (i + 1))));
        for (int layer = 0; layer < nLayers; layer++) {
            int l = layer;
            Map<String, IntToDoubleFunction> ofLayer = Map.of(
                    "router_entropy", i -> Math.log(nExperts) / (1 + 0.1 * i * (l + 1)),
                    "max_violation", i -> 1.0 / (1 + i),
                    "confidence", i -> 1.0 / nExperts + 0.002 * i,
                    // Constant, as where dropping is off; and one point that is no number.
                    "dropped_fraction", i -> i == 7 ? Double.NaN : 0);
            ofLayer.forEach((name, value) -> fakes.metric(id, MetricNames.ofLayer(l, name), values(POINTS, value)));
            for (int expert = 0; expert < nExperts; expert++) {
                int e = expert;
                IntToDoubleFunction wave = i -> 1 + Math.sin(i * 0.3 + e + l);
                Map<String, IntToDoubleFunction> ofExpert = Map.of(
                        "load", i -> wave.applyAsDouble(i) / nExperts,
                        "utilization", i -> Math.min(1, wave.applyAsDouble(i) * 0.8));
                ofExpert.forEach(
                        (name, value) -> fakes.metric(id, MetricNames.ofExpert(l, name, e), values(POINTS, value)));
            }
        }
        for (int step = 0; nLayers > 0 && step <= 2000; step += 400) {
            fakes.routing(id, routing(step, nLayers, nExperts));
        }
        Run run = fakes.runs().get(0);
        return new RunReport(run, fakes, trace(nLayers, nExperts), similarity(nLayers, nExperts), Optional.of(TEXT))
                .write(file);
    }

    private static double noisyLoss(int step) {
        return 2 + 2 * Math.exp(-step / 300.0) + 0.1 * Math.sin(step * 12.9);
    }

    /** A comparison of six runs of two settings that differ in much; its drawings. */
    static Map<String, String> comparison(Path page) throws IOException {
        Fakes fakes = new Fakes();
        List<String> ids = new ArrayList<>();
        for (int run = 0; run < 6; run++) {
            List<String> params = new ArrayList<>(List.of("seed=" + run % 3));
            for (int i = 0; i < 20; i++) {
                params.add("train.some_rather_long_setting_" + i + "=" + (run < 3 ? "batched" : "looping"));
            }
            ids.add(run(fakes, NAME, 2 + 0.1 * run, params));
        }
        return new ComparisonReport(Comparison.of(fakes, ids, "")).write(page);
    }

    /**
     * A sweep of three seeds per setting; its drawings. Experts are 1, 2, 4 ... and a setting's loss follows from its
     * values.
     */
    static Map<String, String> sweep(Path page, int nExperts, double... zLosses) throws IOException {
        Fakes fakes = new Fakes();
        List<String> ids = new ArrayList<>();
        for (double zLoss : zLosses) {
            for (int i = 0; i < nExperts; i++) {
                for (int seed = 1; seed <= 3; seed++) {
                    double loss = 2.2 - 0.05 * i + 0.02 * Math.cos(seed * 2.1 + i) + 20 * zLoss * (1 + i);
                    List<String> params =
                            List.of("seed=" + seed, "model.n_experts=" + (1 << i), "train.z_loss=" + zLoss);
                    ids.add(run(fakes, "smoke", loss, params));
                }
            }
        }
        return new ComparisonReport(Comparison.of(fakes, ids, ""), "smoke, a sweep").write(page);
    }

    private static String run(Fakes fakes, String experiment, double level, List<String> params) {
        String id = String.format("%032x", fakes.runs().size() + 0x1234567890abcdefL);
        fakes.run(id, experiment, params.toArray(String[]::new))
                .end(id, "FINISHED", 61.5 + level)
                .metric(
                        id,
                        "train/cross_entropy",
                        values(300, i -> level + 2 * Math.exp(-i / 50.0) + 0.1 * Math.sin(i * 12.9 * level)))
                .metric(id, "valid/cross_entropy", values(6, i -> level + 1.0 / (i + 1)))
                .metric(id, "final/cross_entropy", level)
                .metric(id, "train/tokens_per_second", values(30, i -> 12_345 + 100 * Math.sin(i)));
        for (int layer = 0; layer < 2; layer++) {
            int own = layer;
            fakes.metric(id, MetricNames.ofLayer(layer, "router_entropy"), values(31, i -> 1 / (1 + 0.1 * i * own)))
                    .metric(id, MetricNames.ofLayer(layer, "max_violation"), values(31, i -> level / (1 + i)));
        }
        return id;
    }

    /** Routing that settles, the first layer last. */
    private static RoutingSnapshot routing(int step, int nLayers, int nExperts) {
        List<int[]> layers = new ArrayList<>();
        for (int layer = 0; layer < nLayers; layer++) {
            int settled = step * (layer + 1) / (50 * nLayers);
            layers.add(IntStream.range(0, 40)
                    .map(token -> token < settled ? token % nExperts : (token + step) % nExperts)
                    .toArray());
        }
        return Fakes.routing(step, nExperts, 1, List.of("x".repeat(40)), layers.toArray(int[][]::new));
    }

    private static double[] values(int count, IntToDoubleFunction value) {
        return IntStream.range(0, count).mapToDouble(value).toArray();
    }

    private static RoutingTrace trace(int nLayers, int nExperts) {
        int[] text = TEXT.codePoints().toArray();
        List<RoutingTrace.Layer> layers = new ArrayList<>();
        for (int layer = 0; layer < nLayers; layer++) {
            int[] expert = new int[text.length];
            float[] probability = new float[text.length];
            double[] entropy = new double[text.length];
            boolean[] dropped = new boolean[text.length];
            for (int token = 0; token < text.length; token++) {
                expert[token] = (text[token] * 7 + layer * token) % nExperts;
                probability[token] = 0.5f;
                entropy[token] = 0.7;
                dropped[token] = token % 11 == 0;
            }
            layers.add(new RoutingTrace.Layer(layer, expert, probability, entropy, dropped, text.length));
        }
        return new RoutingTrace(text, nExperts, 1, layers);
    }

    private static Table similarity(int nLayers, int nExperts) {
        record Pair(int layer, int expert, int other) {}
        Rows<Pair> pairs = new Rows<>(IntStream.range(0, nLayers * nExperts * nExperts)
                .mapToObj(i -> new Pair(i / nExperts / nExperts, i / nExperts % nExperts, i % nExperts))
                .toList());
        return Table.create(
                "similarity",
                pairs.count("layer", Pair::layer),
                pairs.count("expert", Pair::expert),
                pairs.count("other", Pair::other),
                pairs.number(
                        "cosine",
                        pair -> pair.expert() == pair.other() ? 1 : 0.1 * Math.cos(pair.expert() + pair.other())));
    }
}
