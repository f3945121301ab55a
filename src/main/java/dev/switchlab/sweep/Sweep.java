package dev.switchlab.sweep;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ExperimentLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A sweep, resolved: experiments times variants times the combinations of a grid times seeds, less what is excluded.
 *
 * @param request what was asked for
 * @param children in the order in which they are started: the first seed of each setting, then the second, so that a
 *     setting that cannot work shows itself early
 */
public record Sweep(SweepRequest request, List<Child> children) {

    private static final String EXPERIMENT = "experiment";
    private static final String VARIANT = "variant";
    private static final String SEED = "seed";

    /** Copies the list. */
    public Sweep {
        children = List.copyOf(children);
    }

    /**
     * Reads the experiments and checks the names and values of all children.
     *
     * @param experiments the folder of experiment files
     * @throws ExperimentException in one line, for the first that is wrong
     */
    public static Sweep of(SweepRequest request, Path experiments) {
        List<Child> first = new ArrayList<>();
        Set<Integer> useful = new TreeSet<>();
        for (String source : request.experiments()) {
            variants(request).forEach((variant, settings) -> {
                for (Map<String, String> combination : request.grid().combinations()) {
                    Map<String, String> overrides = new LinkedHashMap<>(settings);
                    add(overrides, combination, "GRID", "variants");
                    Map<String, String> changes = new LinkedHashMap<>(request.set());
                    add(changes, overrides, settings.isEmpty() ? "GRID" : "a variant or GRID", "SET");
                    Experiment experiment = ExperimentLoader.load(source, texts(changes), experiments);
                    String name = variant.isEmpty() ? "" : (variant + " " + shown(combination)).strip();
                    first.add(new Child(0, source, experiment, name, request.set(), overrides));
                }
            });
        }
        refuseTwins(first);
        List<Child> children = new ArrayList<>();
        for (long seed : request.seeds()) {
            for (Child child : first) {
                Experiment experiment = child.experiment().with(SEED + "=" + seed);
                if (!isExcluded(request, child, seed, useful)) {
                    children.add(new Child(
                            children.size() + 1,
                            child.source(),
                            experiment,
                            child.variant(),
                            child.common(),
                            child.overrides()));
                }
            }
        }
        refuseUseless(request, useful);
        if (children.isEmpty()) {
            throw new ExperimentException(
                    "a sweep of no children: all combinations are excluded; leave one out of exclude");
        }
        return new Sweep(request, children);
    }

    /** Without named variants there is one, of no name, that changes nothing. */
    private static Map<String, Map<String, String>> variants(SweepRequest request) {
        return request.variants().isEmpty() ? Map.of("", Map.of()) : request.variants();
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
    private static String shown(Map<String, String> combination) {
        return ExperimentLoader.text(combination).replaceAll("(^|\\s)\\w+\\.", "$1");
    }

    private static List<String> texts(Map<String, String> changes) {
        String text = ExperimentLoader.text(changes);
        return text.isEmpty() ? List.of() : List.of(text);
    }

    /** Two children that would train the same are a mistake, such as the values 2 and 02. */
    private static void refuseTwins(List<Child> children) {
        Map<Map<String, String>, Child> seen = new LinkedHashMap<>();
        for (Child child : children) {
            Map<String, String> all = new TreeMap<>(child.experiment().toParams());
            all.put("id", child.experiment().id());
            Child twin = seen.putIfAbsent(all, child);
            if (twin != null) {
                throw new ExperimentException("a sweep has each setting once, but '" + twin.row() + "' and '"
                        + child.row() + "' are the same; take one out of EXPERIMENT or GRID");
            }
        }
    }

    private static boolean isExcluded(SweepRequest request, Child child, long seed, Set<Integer> useful) {
        Map<String, String> mine = new LinkedHashMap<>(child.overrides());
        mine.put(EXPERIMENT, child.experiment().id());
        mine.put(VARIANT, child.variant());
        mine.put(SEED, Long.toString(seed));
        boolean excluded = false;
        for (int i = 0; i < request.excluded().size(); i++) {
            if (mine.entrySet().containsAll(request.excluded().get(i).entrySet())) {
                useful.add(i);
                excluded = true;
            }
        }
        return excluded;
    }

    /** What matches nothing is misspelt. */
    private static void refuseUseless(SweepRequest request, Set<Integer> useful) {
        for (int i = 0; i < request.excluded().size(); i++) {
            if (!useful.contains(i)) {
                throw new ExperimentException(
                        "exclude: '" + ExperimentLoader.text(request.excluded().get(i))
                                + "' is no combination of this sweep, allowed: values of the grid, as they are written there, experiment,"
                                + " variant and seed, for example model.n_experts=1 train.z_loss=0.001");
            }
        }
    }

    /** Its settings: the children of each, by {@link Child#row()}, in order. */
    public Map<String, List<Child>> settings() {
        Map<String, List<Child>> settings = new LinkedHashMap<>();
        children.forEach(child ->
                settings.computeIfAbsent(child.row(), row -> new ArrayList<>()).add(child));
        return settings;
    }
}
