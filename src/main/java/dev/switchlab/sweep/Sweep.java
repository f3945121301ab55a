package dev.switchlab.sweep;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ExperimentLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The runs of a sweep: experiments times variants times grid times seeds, without what is excluded.
 *
 * @param spec what was asked for
 * @param runs in the order in which they are started: the first seed of each setting, then the second, so that a
 *     setting that cannot work fails early
 */
public record Sweep(SweepSpec spec, List<SweepRun> runs) {

    /** Copies the list. */
    public Sweep {
        runs = List.copyOf(runs);
    }

    /**
     * Reads the experiments, and checks names and values of all runs.
     *
     * @param experiments the folder of experiment files
     * @throws ExperimentException in one line, for the first error
     */
    public static Sweep of(SweepSpec spec, Path experiments) {
        List<SweepRun> settings = settings(spec, experiments);
        refuseTwins(settings);
        List<SweepRun> runs = new ArrayList<>();
        Set<Map<String, String>> unused = new LinkedHashSet<>(spec.excluded());
        for (long seed : spec.seeds()) {
            for (SweepRun setting : settings) {
                SweepRun run = new SweepRun(
                        runs.size() + 1,
                        setting.source(),
                        setting.experiment().with("seed=" + seed),
                        setting.variant(),
                        setting.common(),
                        setting.overrides());
                List<Map<String, String>> exclusions = exclusions(spec, run);
                unused.removeAll(exclusions);
                if (exclusions.isEmpty()) {
                    runs.add(run);
                }
            }
        }
        // An exclusion that matches nothing is misspelt.
        unused.stream().findFirst().ifPresent(exclusion -> {
            throw new ExperimentException("exclude: '"
                    + ExperimentLoader.text(exclusion)
                    + "' is no combination of this sweep, allowed: values of the grid, as they are written there,"
                    + " experiment, variant and seed, for example model.n_experts=1 train.z_loss=0.001");
        });
        if (runs.isEmpty()) {
            throw new ExperimentException(
                    "a sweep of no runs: all combinations are excluded; leave one out of exclude");
        }
        return new Sweep(spec, runs);
    }

    /** A run of each setting, with the seed of its experiment. */
    private static List<SweepRun> settings(SweepSpec spec, Path experiments) {
        List<SweepRun> settings = new ArrayList<>();
        Map<String, Map<String, String>> variants = spec.variants().isEmpty() ? Map.of("", Map.of()) : spec.variants();
        for (String source : spec.experiments()) {
            variants.forEach((variant, assignments) -> {
                for (Map<String, String> combination : spec.grid().combinations()) {
                    Map<String, String> overrides = new LinkedHashMap<>(assignments);
                    add(overrides, combination, "GRID", "variants");
                    Map<String, String> changes = new LinkedHashMap<>(spec.set());
                    add(changes, overrides, assignments.isEmpty() ? "GRID" : "a variant or GRID", "SET");
                    String text = ExperimentLoader.text(changes);
                    Experiment experiment =
                            ExperimentLoader.load(source, text.isEmpty() ? List.of() : List.of(text), experiments);
                    String name = variant.isEmpty() ? "" : (variant + " " + shortText(combination)).strip();
                    settings.add(new SweepRun(0, source, experiment, name, spec.set(), overrides));
                }
            });
        }
        return settings;
    }

    private static void add(Map<String, String> settings, Map<String, String> more, String from, String other) {
        more.forEach((key, value) -> {
            if (settings.put(key, value) != null) {
                throw new ExperimentException(
                        from + ": " + key + " is set in " + other + ", too, allowed: one of them");
            }
        });
    }

    /** Such as {@code n_experts=2 z_loss=0}. */
    static String shortText(Map<String, String> combination) {
        return ExperimentLoader.text(combination).replaceAll("(^|\\s)\\w+\\.", "$1");
    }

    /** Two settings that train alike are a mistake, such as the values 2 and 02. */
    private static void refuseTwins(List<SweepRun> settings) {
        Map<Map<String, String>, SweepRun> seen = new LinkedHashMap<>();
        for (SweepRun run : settings) {
            Map<String, String> all = new TreeMap<>(run.experiment().toParams());
            all.put("id", run.experiment().id());
            SweepRun twin = seen.putIfAbsent(all, run);
            if (twin != null) {
                throw new ExperimentException("a sweep has each setting once, but '" + twin.row() + "' and '"
                        + run.row() + "' are the same; take one out of EXPERIMENT or GRID");
            }
        }
    }

    /** The exclusions that match a run. */
    private static List<Map<String, String>> exclusions(SweepSpec spec, SweepRun run) {
        Map<String, String> own = new LinkedHashMap<>(run.overrides());
        own.put("experiment", run.experiment().id());
        own.put("variant", run.variant());
        own.put("seed", Long.toString(run.seed()));
        return spec.excluded().stream()
                .filter(exclusion -> own.entrySet().containsAll(exclusion.entrySet()))
                .toList();
    }

    /** The runs of each setting, by {@link SweepRun#row()}, in order. */
    public Map<String, List<SweepRun>> settings() {
        Map<String, List<SweepRun>> settings = new LinkedHashMap<>();
        runs.forEach(run ->
                settings.computeIfAbsent(run.row(), row -> new ArrayList<>()).add(run));
        return settings;
    }
}
