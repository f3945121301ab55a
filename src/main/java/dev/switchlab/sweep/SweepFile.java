package dev.switchlab.sweep;

import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.experiment.YamlReader;
import dev.switchlab.experiment.YamlReader.Value;
import dev.switchlab.sweep.SweepSpec.Grid;
import dev.switchlab.sweep.SweepSpec.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A sweep file, {@code experiments/sweeps/<id>.yaml}:
 *
 * <pre>{@code
 * about: Why there is this sweep.
 * experiments: [dense, tiny-shakespeare]
 * set: train.steps=500                    # of all runs; optional, as everything below
 * variants:                               # named sets of settings; times the grid
 *   as it is:
 *   twice as wide: model.d_ff=512
 * grid:
 *   model.n_experts: [1, 2, 4, 8]
 *   train.z_loss: [0, 0.001]
 * seeds: 1..3                             # default 1
 * exclude:
 *   - model.n_experts=1 train.z_loss=0.001
 * slurm: {cpus: 2, memory: 2G, gpus: 0, time: "1:00:00", options: "--partition=short"}
 * }</pre>
 */
public final class SweepFile {

    private static final String SUFFIX = ".yaml";
    private static final String NONE = "none yet";
    private static final String EXAMPLE = "experiments: [smoke]";
    private static final List<String> KEYS =
            List.of("about", "experiments", "set", "variants", "grid", "seeds", "exclude", "slurm");
    private static final List<String> SLURM_KEYS = List.of("cpus", "memory", "gpus", "time", "options");

    private final Path file;
    private final Map<String, Value> values;

    /**
     * Reads a file that has other keys beside those of a sweep.
     *
     * @param more the other keys
     * @throws ExperimentException in one line
     */
    public SweepFile(Path file, List<String> more) {
        this.file = file;
        try {
            this.values = YamlReader.readValues(Files.readString(file), file.toString(), EXAMPLE);
        } catch (IOException e) {
            throw new ExperimentException(file + ": cannot be read: " + e.getMessage());
        }
        List<String> allowed = Stream.concat(KEYS.stream(), more.stream()).toList();
        values.forEach((key, value) -> {
            String first = key.split("\\.", 2)[0];
            if (!allowed.contains(first)) {
                throw wrong(key, "is no key here", String.join(", ", allowed) + ", for example " + EXAMPLE);
            }
        });
    }

    /**
     * Reads a sweep file.
     *
     * @param idOrPath an id, for {@code <id>.yaml} in the folder {@code sweeps} of experiments, or the path of a
     *     {@code .yaml} file
     * @param experiments the folder of experiment files
     * @throws ExperimentException in one line
     */
    public static SweepSpec read(String idOrPath, Path experiments) {
        Path file = idOrPath.endsWith(SUFFIX)
                ? Path.of(idOrPath)
                : experiments.resolve("sweeps").resolve(idOrPath + SUFFIX);
        if (!Files.isRegularFile(file)) {
            throw new ExperimentException(
                    "there is no sweep " + file + ", allowed: " + known(experiments) + ", or the path of a .yaml file");
        }
        return new SweepFile(file, List.of()).spec();
    }

    /**
     * The ids of the sweep files, in words.
     *
     * @param experiments the folder of experiment files
     */
    public static String known(Path experiments) {
        Path folder = experiments.resolve("sweeps");
        if (!Files.isDirectory(folder)) {
            return NONE;
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(path -> path.toString().endsWith(SUFFIX))
                    .map(SweepFile::id)
                    .sorted()
                    .reduce((a, b) -> a + ", " + b)
                    .orElse(NONE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String id(Path file) {
        return file.getFileName().toString().replaceFirst("\\.yaml$", "");
    }

    /** The sweep. */
    public SweepSpec spec() {
        List<String> experiments = list("experiments").stream()
                .flatMap(words -> Stream.of(words.strip().split("\\s+", -1)))
                .filter(word -> !word.isEmpty())
                .toList();
        if (experiments.isEmpty()) {
            throw new ExperimentException(file + ": experiments is missing, allowed: one or more, for example"
                    + " experiments: [dense, tiny-shakespeare]");
        }
        return new SweepSpec(
                id(file),
                text("about"),
                experiments,
                ExperimentLoader.changes(List.of(text("set"))),
                section("variants", name -> ExperimentLoader.changes(List.of(text(name)))),
                new Grid(section("grid", this::list)),
                SweepSpec.parseSeeds(values.containsKey("seeds") ? text("seeds") : "1"),
                list("exclude").stream()
                        .map(combination -> ExperimentLoader.changes(List.of(combination)))
                        .toList(),
                resources());
    }

    private Resources resources() {
        texts("slurm").keySet().forEach(key -> {
            if (!SLURM_KEYS.contains(key)) {
                throw wrong("slurm." + key, "is no key here", String.join(", ", SLURM_KEYS) + ", for example cpus: 2");
            }
        });
        return new Resources(
                count("slurm.cpus"),
                text("slurm.memory"),
                count("slurm.gpus"),
                text("slurm.time"),
                text("slurm.options"));
    }

    private int count(String key) {
        String text = text(key);
        if (!text.matches("\\d{0,6}")) {
            throw wrong(key, "is " + text, "whole numbers from 0, for example cpus: 2");
        }
        return text.isEmpty() ? 0 : Integer.parseInt(text);
    }

    /** The text of a key; empty if there is none. */
    public String text(String key) {
        if (values.containsKey(key) && values.get(key).isList()) {
            throw wrong(key, "is a list", "a single value");
        }
        return String.join("", list(key)).strip();
    }

    /** The entries of a section, in order. */
    public Map<String, String> texts(String section) {
        return section(section, this::text);
    }

    /** The texts of a list, or the one text of a key; empty if there is none. */
    private List<String> list(String key) {
        keysOf(key).findFirst().ifPresent(entry -> {
            throw wrong(entry, "is in a section", "a single value for " + key);
        });
        return values.containsKey(key) ? values.get(key).texts() : List.of();
    }

    /** The entries of a section, in order; each is read with its whole key. */
    private <T> Map<String, T> section(String section, Function<String, T> read) {
        if (values.containsKey(section) && values.get(section).hasText()) {
            throw wrong(section, "is no mapping", "lines of key: value below it");
        }
        Map<String, T> entries = new LinkedHashMap<>();
        keysOf(section)
                .forEach(key -> entries.put(key.substring(section.length() + 1).strip(), read.apply(key)));
        return entries;
    }

    private Stream<String> keysOf(String section) {
        return values.keySet().stream().filter(key -> key.startsWith(section + "."));
    }

    private ExperimentException wrong(String key, String problem, String allowed) {
        return new ExperimentException(values.get(key).place() + ": " + key + " " + problem + ", allowed: " + allowed);
    }
}
