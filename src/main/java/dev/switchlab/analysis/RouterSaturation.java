package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import dev.switchlab.train.RoutingSnapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import tech.tablesaw.api.Table;

/**
 * When a run's routing settled: the share of a fixed text's tokens that go to the same expert as at the end
 * (Muennighoff et al., OLMoE, arXiv 2409.02060, router saturation): with several experts per token, the share of them
 * that are the same. The numbers of experts mean something within one run only.
 *
 * @param table one row per layer and step: layer, step, saturation (share of tokens routed as at the newest step of the
 *     table, 1 there), unchanged (share routed as at the step before in the table; missing at the first), chance (the
 *     saturation of a routing with the same loads that knows nothing of the tokens); empty if the run kept no routing
 * @param loads by step: the share of the tokens' choices that the router sends to [sparse layer][expert]
 * @param note what the table is about, or why it is empty, in one line
 */
public record RouterSaturation(Table table, SortedMap<Integer, double[][]> loads, String note) {

    /**
     * Reads the routing that a run kept while it was trained.
     *
     * @throws IllegalArgumentException in one line, if an artifact is damaged or does not belong to the others
     */
    public static RouterSaturation of(RunSource source, Run run) {
        List<String> paths = snapshots(source, run);
        List<Point> points = new ArrayList<>();
        if (paths.isEmpty()) {
            return new RouterSaturation(table(points), new TreeMap<>(), whyNone(run));
        }
        RoutingSnapshot newest = read(source, run, paths.get(paths.size() - 1));
        Optional<RoutingSnapshot> before = Optional.empty();
        SortedMap<Integer, double[][]> loads = new TreeMap<>();
        for (String path : paths) {
            // One at a time: a long run keeps hundreds.
            RoutingSnapshot now = read(source, run, path);
            requireSameText(run, now, newest);
            points.addAll(points(now, before, newest));
            loads.put(
                    now.step(),
                    now.layers().stream()
                            .map(layer -> load(layer, now.experts()))
                            .toArray(double[][]::new));
            before = Optional.of(now);
        }
        return new RouterSaturation(table(points).sortAscendingOn("layer", "step"), loads, note(run, newest));
    }

    /** The artifacts that hold the routing of a run, by step. */
    static List<String> snapshots(RunSource source, Run run) {
        return source.artifacts(run.runId()).stream()
                .filter(path -> RoutingSnapshot.step(path).isPresent())
                .sorted(Comparator.comparingInt(
                        path -> RoutingSnapshot.step(path).orElseThrow()))
                .toList();
    }

    static RoutingSnapshot read(RunSource source, Run run, String path) {
        return RoutingSnapshot.ofJson(source.text(run.runId(), path), "run " + run.runId() + ", artifact " + path);
    }

    static void requireSameText(Run run, RoutingSnapshot now, RoutingSnapshot newest) {
        boolean same = now.text().equals(newest.text())
                && now.seqLen() == newest.seqLen()
                && now.experts() == newest.experts()
                && now.choices() == newest.choices()
                && now.layerNumbers().equals(newest.layerNumbers());
        if (!same) {
            throw new IllegalArgumentException("run " + run.runId() + ": the routing at step " + now.step()
                    + " is of another text or model than that at step " + newest.step()
                    + "; one run has the same for all steps");
        }
    }

    private record Point(int layer, int step, double saturation, double unchanged, double chance) {}

    private static List<Point> points(RoutingSnapshot now, Optional<RoutingSnapshot> before, RoutingSnapshot newest) {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < now.layers().size(); i++) {
            int layer = i;
            int[] here = now.layers().get(layer);
            int[] end = newest.layers().get(layer);
            points.add(new Point(
                    now.layerNumbers().get(layer),
                    now.step(),
                    agreement(here, end, now.choices()),
                    before.map(past -> agreement(past.layers().get(layer), here, now.choices()))
                            .orElse(Double.NaN),
                    now.choices() * chance(here, end, now.experts())));
        }
        return points;
    }

    private static Table table(List<Point> points) {
        Rows<Point> rows = new Rows<>(points);
        return Table.create(
                "router saturation",
                rows.count("layer", Point::layer),
                rows.steps("step", Point::step),
                rows.number("saturation", Point::saturation),
                rows.number("unchanged", Point::unchanged),
                rows.number("chance", Point::chance));
    }

    /** The share of each token's experts that are its experts in the other routing, too. */
    private static double agreement(int[] first, int[] second, int choices) {
        int same = 0;
        for (int pair = 0; pair < first.length; pair++) {
            int token = pair / choices * choices;
            for (int other = token; other < token + choices; other++) {
                same += first[pair] == second[other] ? 1 : 0;
            }
        }
        return (double) same / first.length;
    }

    /** The sum over experts of the product of both loads. */
    private static double chance(int[] first, int[] second, int experts) {
        double[] loads = load(first, experts);
        double[] others = load(second, experts);
        return IntStream.range(0, experts)
                .mapToDouble(expert -> loads[expert] * others[expert])
                .sum();
    }

    private static double[] load(int[] layer, int experts) {
        double[] load = new double[experts];
        for (int expert : layer) {
            load[expert] += 1.0 / layer.length;
        }
        return load;
    }

    private static String note(Run run, RoutingSnapshot newest) {
        String text = String.format(
                Locale.ROOT,
                "%,d characters of the validation split, compared with their routing at step %d",
                newest.tokens(),
                newest.step());
        String steps = run.params().getOrDefault("train.steps", "");
        return steps.equals(Integer.toString(newest.step()))
                ? text + ", the last"
                : text + ", the newest there is: the run (" + run.status() + ") has not come to its last step, "
                        + steps;
    }

    private static String whyNone(Run run) {
        return "dense".equals(run.params().get("model.feed_forward"))
                ? "run " + run.runId() + " is dense: it has no router"
                : "run " + run.runId()
                        + " kept no routing while it was trained (it is older than that, or the parent of runs);"
                        + " a new run keeps it";
    }
}
