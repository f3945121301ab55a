package dev.switchlab.sweep;

import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.io.Sha256;
import dev.switchlab.session.RunTitle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * A sweep as a file or flags ask for it, before experiment files are read.
 *
 * @param name of the sweep file, with its folder if that is not {@code sweeps}; empty without a file
 * @param about purpose; empty without a file
 * @param experiments ids or paths
 * @param set settings of all runs, as {@code SET} has them, {@code corpus} among them
 * @param variants named sets of settings, whose product with the grid is swept; may be empty
 * @param grid settings to sweep
 * @param seeds one run of each setting per seed
 * @param excluded combinations to leave out: a run with all assignments of one is dropped. Keys are settings of the
 *     grid, and the words experiment, variant and seed
 * @param resources limits of a run on a cluster
 */
public record SweepSpec(
        String name,
        String about,
        List<String> experiments,
        Map<String, String> set,
        Map<String, Map<String, String>> variants,
        Grid grid,
        List<Long> seeds,
        List<Map<String, String>> excluded,
        Resources resources) {

    private static final int CALL_DIGITS = 16;
    private static final int MOST_SEEDS = 1000;
    private static final Pattern SEED_RANGE = Pattern.compile("(-?\\d{1,18})\\.\\.(-?\\d{1,18})");
    private static final Pattern SEED_LIST = Pattern.compile("-?\\d{1,18}(,-?\\d{1,18})*");

    /** Copies the variants, which keep their order. */
    public SweepSpec {
        variants = Collections.unmodifiableMap(new LinkedHashMap<>(variants));
    }

    /** A sweep without a file. */
    public static SweepSpec of(List<String> experiments, Map<String, String> set, Grid grid, List<Long> seeds) {
        return new SweepSpec("", "", experiments, set, Map.of(), grid, seeds, List.of(), Resources.DEFAULT);
    }

    /** This sweep under another name. */
    public SweepSpec withName(String other) {
        return new SweepSpec(other, about, experiments, set, variants, grid, seeds, excluded, resources);
    }

    /** This sweep with more settings in all runs, which win over those that are there. */
    public SweepSpec withSet(Map<String, String> more) {
        Map<String, String> all = new LinkedHashMap<>(set);
        all.putAll(more);
        return new SweepSpec(name, about, experiments, all, variants, grid, seeds, excluded, resources);
    }

    /** This sweep with other variants. */
    public SweepSpec withVariants(Map<String, Map<String, String>> others) {
        return new SweepSpec(name, about, experiments, set, others, grid, seeds, excluded, resources);
    }

    /** This sweep with other seeds. */
    public SweepSpec withSeeds(List<Long> others) {
        return new SweepSpec(name, about, experiments, set, variants, grid, others, excluded, resources);
    }

    /**
     * Digest of what was asked for, by which a call finds the sweep that it began before: 16 hexadecimal digits. It
     * depends neither on the name of a file nor on the content of experiment files nor on the order of experiments,
     * settings, values and seeds.
     */
    public String call() {
        String text = "experiments " + sorted(experiments)
                + "\nset " + ExperimentLoader.text(set)
                + (variants.isEmpty() ? "" : "\nvariants " + sorted(texts(variants.values())))
                + "\ngrid " + sorted(texts(grid.combinations()))
                + "\nseeds " + seeds.stream().sorted().toList()
                + "\nexcluded " + sorted(texts(excluded));
        return Sha256.of(text).substring(0, CALL_DIGITS);
    }

    private static List<String> texts(Iterable<Map<String, String>> assignments) {
        List<String> texts = new ArrayList<>();
        assignments.forEach(settings -> texts.add(ExperimentLoader.text(settings)));
        return texts;
    }

    private static List<String> sorted(List<String> texts) {
        return texts.stream().sorted().toList();
    }

    /** Path of the sweep file, relative to the folder that holds {@code experiments}. */
    String file() {
        return "experiments/" + (name.contains("/") ? "" : "sweeps/") + name + ".yaml";
    }

    /** In a few words, such as {@code smoke model.n_experts=1,2 seeds 1..3}. */
    public String words() {
        List<String> words = new ArrayList<>();
        words.add(name.isEmpty() ? String.join(" ", experiments) : name);
        words.add(ExperimentLoader.text(set));
        words.add(grid.toString());
        words.add(variants.isEmpty() ? "" : variants.size() + " variants");
        words.add("seeds " + seedsText(seeds));
        return words.stream().filter(word -> !word.isEmpty()).collect(Collectors.joining(" "));
    }

    /** Name of the sweep's parent run: first what is swept, then what is changed in all runs. */
    String title() {
        List<String> words =
                new ArrayList<>(List.of("sweep", name, grid.toString().replaceAll("(^|\\s)\\w+\\.", "$1")));
        words.add(experiments.size() > 1 ? String.join(" ", experiments) : "");
        words.add(variants.isEmpty() ? "" : variants.size() + " variants");
        words.add("seeds " + seedsText(seeds));
        words.add(RunTitle.of(set).label());
        return words.stream().filter(word -> !word.isEmpty()).collect(Collectors.joining(" "));
    }

    /**
     * Reads seeds: a range {@code 1..5} or a list {@code 1,2,7}.
     *
     * @throws IllegalArgumentException in one line, for other text or a seed that is there twice
     */
    public static List<Long> parseSeeds(String text) {
        String word = text.replaceAll("\\s+", "");
        Matcher range = SEED_RANGE.matcher(word);
        List<Long> seeds = new ArrayList<>();
        if (range.matches()) {
            long from = Long.parseLong(range.group(1));
            long to = Long.parseLong(range.group(2));
            LongStream.rangeClosed(from, Math.min(to, from + MOST_SEEDS)).forEach(seeds::add);
        } else if (SEED_LIST.matcher(word).matches()) {
            for (String seed : word.split(",", -1)) {
                seeds.add(Long.valueOf(seed));
            }
        }
        if (seeds.isEmpty()
                || seeds.size() > MOST_SEEDS
                || seeds.stream().distinct().count() < seeds.size()) {
            throw new IllegalArgumentException("SEEDS is '" + text + "', allowed: a range or a list of at most "
                    + MOST_SEEDS + " different seeds, for example 1..5 or 1,2,7");
        }
        return seeds;
    }

    /** As {@link #parseSeeds} reads them. */
    public static String seedsText(List<Long> seeds) {
        long first = seeds.get(0);
        long last = seeds.get(seeds.size() - 1);
        boolean isRange = seeds.size() > 2
                && seeds.equals(LongStream.rangeClosed(first, last).boxed().toList());
        return isRange
                ? first + ".." + last
                : seeds.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    /**
     * Settings to sweep.
     *
     * @param axes setting to its values, as written, in order
     */
    public record Grid(Map<String, List<String>> axes) {

        /** Sweeps nothing: one combination without assignments. */
        public static final Grid NONE = new Grid(Map.of());

        private static final String EXAMPLE = "for example GRID=\"model.n_experts=2,4 train.z_loss=0,0.001\"";

        /** Refuses what cannot be swept, in one line. */
        public Grid {
            Map<String, List<String>> copy = new LinkedHashMap<>();
            axes.forEach((name, values) -> {
                if (name.equals("seed")) {
                    throw new ExperimentException(
                            "GRID has seed, allowed: settings; seeds go into SEEDS, for example 1..5");
                }
                if (values.isEmpty() || values.stream().anyMatch(String::isBlank)) {
                    throw new ExperimentException(
                            "GRID: " + name + " has an empty value, allowed: values with commas between, " + EXAMPLE);
                }
                if (values.stream().distinct().count() < values.size()) {
                    throw new ExperimentException("GRID: " + name + "=" + String.join(",", values)
                            + " has a value twice, allowed: each once, " + EXAMPLE);
                }
                copy.put(name, List.copyOf(values));
            });
            axes = Collections.unmodifiableMap(copy);
        }

        /**
         * Reads {@code "model.n_experts=2,4 train.z_loss=0,0.001"}. Values cannot contain commas or white space.
         *
         * @throws ExperimentException in one line
         */
        public static Grid parse(String text) {
            Map<String, List<String>> axes = new LinkedHashMap<>();
            ExperimentLoader.changes(List.of(text))
                    .forEach((name, values) -> axes.put(name, List.of(values.split("\\s*,\\s*", -1))));
            return new Grid(axes);
        }

        /** The product of all axes, the last setting changing fastest. */
        public List<Map<String, String>> combinations() {
            List<Map<String, String>> product = List.of(Map.of());
            for (Map.Entry<String, List<String>> axis : axes.entrySet()) {
                List<Map<String, String>> longer = new ArrayList<>();
                for (Map<String, String> combination : product) {
                    for (String value : axis.getValue()) {
                        Map<String, String> more = new LinkedHashMap<>(combination);
                        more.put(axis.getKey(), value);
                        longer.add(more);
                    }
                }
                product = longer;
            }
            return product;
        }

        /** As {@link #parse} reads it. */
        @Override
        public String toString() {
            return axes.entrySet().stream()
                    .map(axis -> axis.getKey() + "=" + String.join(",", axis.getValue()))
                    .collect(Collectors.joining(" "));
        }
    }

    /**
     * Limits of one run on a cluster, in the words of its scheduler. The local machine ignores them.
     *
     * @param cpus cores; 0 for the number of threads
     * @param memory such as {@code 2G}; empty for the cluster's default
     * @param gpus 0 for none
     * @param time limit, such as {@code 1:30:00}; empty for the cluster's default
     * @param options further options of {@code sbatch}, such as {@code --partition=short}; may be empty
     */
    public record Resources(int cpus, String memory, int gpus, String time, String options) {

        /** The cluster's defaults. */
        public static final Resources DEFAULT = new Resources(0, "", 0, "", "");
    }
}
