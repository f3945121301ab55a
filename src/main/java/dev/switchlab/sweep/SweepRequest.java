package dev.switchlab.sweep;

import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.io.Sha256;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A sweep as it was asked for, before experiment files are read.
 *
 * @param name of the sweep file; with its folder where that is not {@code sweeps}; empty without a file
 * @param about why; empty without a sweep file
 * @param experiments ids or paths
 * @param set settings that all children have, as {@code SET} writes them; {@code corpus} among them
 * @param variants named rows, each a set of settings: their product with the grid is swept; empty where only the grid
 *     is
 * @param grid settings that are swept
 * @param seeds each child of a setting has one
 * @param excluded combinations that are left out: a child that has all assignments of one; keys are settings of the
 *     grid, and the words experiment, variant and seed
 * @param resources what a child may use on a cluster
 */
public record SweepRequest(
        String name,
        String about,
        List<String> experiments,
        Map<String, String> set,
        Map<String, Map<String, String>> variants,
        Grid grid,
        List<Long> seeds,
        List<Map<String, String>> excluded,
        Resources resources) {

    /** Copies the variants, which keep their order. */
    public SweepRequest {
        variants = Collections.unmodifiableMap(new LinkedHashMap<>(variants));
    }

    /** A call is known again by so many hexadecimal digits. */
    private static final int DIGITS = 16;

    /**
     * What the same call has in common whatever becomes of the experiment files in between: 16 hexadecimal digits. Not
     * the name of a sweep file, and not the order of experiments, settings, values or seeds.
     */
    public String call() {
        String text = "experiments " + sorted(experiments)
                + "\nset " + ExperimentLoader.text(set)
                + (variants.isEmpty() ? "" : "\nvariants " + sorted(variantSettings()))
                + "\ngrid "
                + sorted(
                        grid.combinations().stream().map(ExperimentLoader::text).toList())
                + "\nseeds " + seeds.stream().sorted().toList()
                + "\nexcluded "
                + sorted(excluded.stream().map(ExperimentLoader::text).toList());
        return Sha256.of(text).substring(0, DIGITS);
    }

    private List<String> variantSettings() {
        return variants.values().stream().map(ExperimentLoader::text).toList();
    }

    private static List<String> sorted(List<String> texts) {
        return texts.stream().sorted().collect(Collectors.toList());
    }

    /** The sweep file, as seen from the folder that holds {@code experiments}. */
    String file() {
        return "experiments/" + (name.contains("/") ? "" : "sweeps/") + name + ".yaml";
    }

    /** In a few words, such as {@code smoke model.n_experts=1,2 seeds 1..3}. */
    public String words() {
        String what = name.isEmpty() ? String.join(" ", experiments) : name;
        String set = ExperimentLoader.text(this.set);
        return what + (set.isEmpty() ? "" : " " + set) + (grid.axes().isEmpty() ? "" : " " + grid)
                + (variants.isEmpty() ? "" : " " + variants.size() + " variants") + " seeds "
                + Seeds.shown(seeds);
    }
}
