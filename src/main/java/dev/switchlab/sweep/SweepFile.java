package dev.switchlab.sweep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.sweep.SweepSpec.Grid;
import dev.switchlab.sweep.SweepSpec.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A sweep file, {@code experiments/sweeps/<id>.yaml}:
 *
 * <pre>{@code
 * about: Why there is this sweep.
 * experiments: [dense, tiny-shakespeare]
 * set: train.steps=500                    # in all children; may be left out, as everything below
 * variants:                               # named rows, each a set of settings; times the grid
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
    private static final List<String> KEYS =
            List.of("about", "experiments", "set", "variants", "grid", "seeds", "exclude", "slurm");
    private static final List<String> SLURM = List.of("cpus", "memory", "gpus", "time", "options");

    private final String name;
    private final Path file;
    private final Map<String, Object> all;

    private SweepFile(Path file, List<String> more) {
        String fileName = String.valueOf(file.getFileName());
        this.name = fileName.substring(0, fileName.length() - SUFFIX.length());
        this.file = file;
        this.all = mapping(
                tree(), "the file", Stream.concat(KEYS.stream(), more.stream()).toList());
    }

    /**
     * Reads a file that has other keys beside those of a sweep, each with a text or a mapping of texts.
     *
     * @param more the other keys
     * @throws ExperimentException in one line
     */
    public static SweepFile of(Path file, List<String> more) {
        return new SweepFile(file, more);
    }

    /** The text of another key than a sweep's; empty if it is not there. */
    public String text(String key) {
        return text(all.getOrDefault(key, "")).strip();
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
            throw new ExperimentException("there is no sweep " + file + ", allowed: "
                    + known(experiments.resolve("sweeps")) + ", or the path of a .yaml file");
        }
        return new SweepFile(file, List.of()).spec();
    }

    private static String known(Path folder) {
        if (!Files.isDirectory(folder)) {
            return "none yet";
        }
        try (Stream<Path> files = Files.list(folder)) {
            List<String> ids = files.map(path -> String.valueOf(path.getFileName()))
                    .filter(text -> text.endsWith(SUFFIX))
                    .map(text -> text.substring(0, text.length() - SUFFIX.length()))
                    .sorted()
                    .toList();
            return ids.isEmpty() ? "none yet" : String.join(", ", ids);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The entries of another key than a sweep's, in order; none if it is not there. */
    public Map<String, String> texts(String key) {
        Map<String, String> texts = new LinkedHashMap<>();
        mapping(all.getOrDefault(key, Map.of()), key, List.of())
                .forEach((name, value) -> texts.put(name.strip(), text(value).strip()));
        return texts;
    }

    /** The sweep. */
    public SweepSpec spec() {
        List<String> experiments = words(all.get("experiments"));
        if (experiments.isEmpty()) {
            throw wrong(
                    "experiments is missing, allowed: one or more, for example experiments: [dense, tiny-shakespeare]");
        }
        Map<String, Map<String, String>> variants = new LinkedHashMap<>();
        mapping(all.getOrDefault("variants", Map.of()), "variants", List.of())
                .forEach((variant, settings) ->
                        variants.put(variant.strip(), ExperimentLoader.changes(List.of(text(settings)))));
        Map<String, List<String>> axes = new LinkedHashMap<>();
        mapping(all.getOrDefault("grid", Map.of()), "grid", List.of())
                .forEach((key, values) ->
                        axes.put(key, values instanceof List<?> list ? texts(list) : List.of(text(values))));
        List<Map<String, String>> excluded = new ArrayList<>();
        Object exclude = all.getOrDefault("exclude", List.of());
        for (String combination : exclude instanceof List<?> list ? texts(list) : List.of(text(exclude))) {
            excluded.add(ExperimentLoader.changes(List.of(combination)));
        }
        return new SweepSpec(
                name,
                text(all.getOrDefault("about", "")).strip(),
                experiments,
                ExperimentLoader.changes(List.of(text(all.getOrDefault("set", "")))),
                variants,
                new Grid(axes),
                SweepSpec.parseSeeds(text(all.getOrDefault("seeds", "1"))),
                excluded,
                resources(mapping(all.getOrDefault("slurm", Map.of()), "slurm", SLURM)));
    }

    private Resources resources(Map<String, Object> slurm) {
        return new Resources(
                count(slurm, "cpus"),
                text(slurm.getOrDefault("memory", "")),
                count(slurm, "gpus"),
                text(slurm.getOrDefault("time", "")),
                text(slurm.getOrDefault("options", "")));
    }

    private int count(Map<String, Object> slurm, String key) {
        String text = text(slurm.getOrDefault(key, "0"));
        if (!text.matches("\\d{1,6}")) {
            throw wrong(
                    "slurm: " + key + " is " + text + ", allowed: whole numbers from 0, for example " + key + ": 2");
        }
        return Integer.parseInt(text);
    }

    /** The entries of a section; with {@code allowed}, no other keys than these. */
    private Map<String, Object> mapping(Object value, String what, List<String> allowed) {
        if (!(value instanceof Map<?, ?> map)) {
            throw wrong(what + " is no mapping, allowed: lines of key: value, for example experiments: [smoke]");
        }
        Map<String, Object> entries = new LinkedHashMap<>();
        map.forEach((key, entry) -> {
            if (!allowed.isEmpty() && !allowed.contains(String.valueOf(key))) {
                throw wrong(what + " has " + key + ", allowed: " + String.join(", ", allowed) + ", for example "
                        + allowed.get(1) + ": ...");
            }
            entries.put(String.valueOf(key), entry);
        });
        return entries;
    }

    /** A list of words, or one text with words. */
    private List<String> words(Object value) {
        if (value == null) {
            return List.of();
        }
        return value instanceof List<?> list
                ? texts(list)
                : Stream.of(text(value).strip().split("\\s+", -1))
                        .filter(word -> !word.isEmpty())
                        .toList();
    }

    private List<String> texts(List<?> values) {
        return values.stream().map(this::text).toList();
    }

    private String text(Object value) {
        if (!(value instanceof String text)) {
            throw wrong("has a list or section where a single value is expected: " + value);
        }
        return text;
    }

    private ExperimentException wrong(String what) {
        return new ExperimentException(file + ": " + what);
    }

    /** Maps, lists and texts; values stay as they are written, because YAML's own guesses would change them. */
    private Object tree() {
        try (YAMLParser parser = new YAMLFactory().createParser(Files.readString(file))) {
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw wrong("is empty, allowed: a sweep, for example experiments: [smoke]");
            }
            return value(parser, first);
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            throw wrong("line " + line + " is not valid YAML: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw wrong("cannot be read: " + e.getMessage());
        }
    }

    private Object value(YAMLParser parser, JsonToken token) throws IOException {
        if (token == JsonToken.START_OBJECT) {
            Map<String, Object> map = new LinkedHashMap<>();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String key = parser.currentName();
                if (map.put(key, value(parser, parser.nextToken())) != null) {
                    throw wrong(key + " is there twice, allowed: once");
                }
            }
            return map;
        }
        if (token == JsonToken.START_ARRAY) {
            List<Object> list = new ArrayList<>();
            for (JsonToken next = parser.nextToken(); next != JsonToken.END_ARRAY; next = parser.nextToken()) {
                list.add(value(parser, next));
            }
            return list;
        }
        return token == JsonToken.VALUE_NULL
                ? ""
                : Optional.ofNullable(parser.getText()).orElse("");
    }
}
