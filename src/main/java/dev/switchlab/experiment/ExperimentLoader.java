package dev.switchlab.experiment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads experiments.
 *
 * <p>A setting's value is the first that somebody gave, in this order: overrides; the file; the file it
 * {@code extends}, and so on; the defaults of its optimizer (Noam only); the defaults of its {@link Semantics}.
 * Everything that is wrong is one {@link ExperimentException} with a one-line message.
 */
public final class ExperimentLoader {
    private static final String EXTENDS = "extends";
    private static final String SUFFIX = ".yaml";

    private ExperimentLoader() {}

    /**
     * Reads an experiment file.
     *
     * @param idOrPath an id, for {@code <id>.yaml} in the experiments folder, or the path of a {@code .yaml} file
     * @param overrides assignments as in {@code "model.n_experts=8 train.steps=500"}; each string may hold several
     * @param experimentsFolder where ids are looked up
     */
    public static Experiment load(String idOrPath, List<String> overrides, Path experimentsFolder) {
        return resolve(new Folder(experimentsFolder).read(idOrPath), overrides);
    }

    /**
     * Reads the text of an experiment, as {@link Experiment#toYaml} wrote it.
     *
     * @param source what the messages call the text, for example the run it is stored with
     */
    public static Experiment parse(String yaml, String source, List<String> overrides) {
        Map<String, Given> settings = YamlReader.read(yaml, source);
        if (settings.containsKey(EXTENDS)) {
            throw new ExperimentException(
                    EXTENDS,
                    settings.get(EXTENDS).place() + ": extends is only for files; a stored experiment is resolved");
        }
        return resolve(settings, overrides);
    }

    /** {@link #parse(String, String, List)} without overrides. */
    public static Experiment parse(String yaml, String source) {
        return parse(yaml, source, List.of());
    }

    /** What overrides change, as they were written: key to value, in order. */
    public static Map<String, String> changes(List<String> overrides) {
        Map<String, String> changes = new LinkedHashMap<>();
        Overrides.parse(overrides)
                .forEach((key, setting) -> changes.put(key, setting.text() == null ? "" : setting.text()));
        return changes;
    }

    /**
     * Changes as {@link #changes} reads them, sorted by key: {@code "model.n_experts=2 train.z_loss=0"}; empty for
     * none.
     */
    public static String text(Map<String, String> changes) {
        return Overrides.write(changes);
    }

    /** The experiments of a folder, sorted by id. */
    public static List<Summary> list(Path experimentsFolder) {
        return new Folder(experimentsFolder).list();
    }

    static Experiment preset(Semantics semantics, List<String> overrides) {
        Given name = new Given(Settings.name(semantics), "preset");
        return resolve(Map.of("id", name, "semantics", name), overrides, Set.of("id", "semantics"));
    }

    static Experiment change(Experiment experiment, List<String> overrides) {
        return resolve(Settings.given(experiment), overrides, Set.of("id", "semantics"));
    }

    private static Experiment resolve(Map<String, Given> settings, List<String> overrides) {
        return resolve(settings, overrides, Set.of("id"));
    }

    private static Experiment resolve(Map<String, Given> settings, List<String> overrides, Set<String> fixed) {
        Map<String, Given> given = new LinkedHashMap<>(settings);
        Map<String, Given> overriding = Overrides.parse(overrides);
        overriding.forEach((key, setting) -> {
            if (fixed.contains(key)) {
                throw new ExperimentException(
                        key, setting.place() + ": " + key + " cannot be changed here; " + whyFixed(key));
            }
        });
        given.putAll(overriding);
        return Settings.bind(given);
    }

    private static String whyFixed(String key) {
        return key.equals("id")
                ? "an experiment is called like its file, so copy the file"
                : "it chooses the defaults, which are resolved already";
    }

    /**
     * A line in the list of experiments.
     *
     * @param id the file name without {@code .yaml}
     * @param about the first line of its {@code about}, or what is wrong with the file
     */
    public record Summary(String id, String about) {}

    /** A folder of experiment files: found by id or path, and joined with what they extend. */
    private record Folder(Path folder) {

        /** The settings of a file over those of the files it extends, and its id. */
        Map<String, Given> read(String idOrPath) {
            boolean byPath = idOrPath.endsWith(SUFFIX);
            Path file = byPath ? Path.of(idOrPath) : find(idOrPath, "");
            String name = idOf(file);
            Map<String, Given> settings = chain(file, new LinkedHashSet<>());
            Given id = settings.putIfAbsent("id", new Given(name, file.toString()));
            if (id != null && !byPath && !name.equals(id.text())) {
                throw new ExperimentException(
                        "id",
                        "%s: id is \"%s\"; allowed: the name of its file, %s; example: id: %s"
                                .formatted(id.place(), id.text(), name, name));
            }
            return settings;
        }

        List<Summary> list() {
            return ids().stream().map(this::summary).toList();
        }

        private Summary summary(String id) {
            try {
                Given about = chain(folder.resolve(id + SUFFIX), new LinkedHashSet<>())
                        .get("about");
                String text = about == null || about.text() == null ? "" : about.text();
                return new Summary(id, text.lines().findFirst().orElse(""));
            } catch (ExperimentException e) {
                return new Summary(id, "cannot be read: " + e.getMessage());
            }
        }

        private Map<String, Given> chain(Path file, Set<Path> seen) {
            if (!seen.add(file.toAbsolutePath().normalize())) {
                String circle = Stream.concat(seen.stream(), Stream.of(file))
                        .map(Folder::idOf)
                        .collect(Collectors.joining(" -> "));
                throw new ExperimentException(EXTENDS, file + ": experiments extend each other in a circle: " + circle);
            }
            Map<String, Given> own = YamlReader.read(text(file), file.toString());
            Given base = own.remove(EXTENDS);
            if (base == null) {
                return own;
            }
            if (base.text() == null) {
                throw new ExperimentException(
                        EXTENDS,
                        base.place() + ": extends has no value; allowed: " + known()
                                + "; example: extends: tiny-shakespeare");
            }
            Map<String, Given> settings = new LinkedHashMap<>(chain(findBeside(file, base), seen));
            // A file's name and its reason are its own.
            settings.remove("id");
            settings.remove("about");
            settings.remove("expect");
            settings.putAll(own);
            return settings;
        }

        private Path findBeside(Path file, Given base) {
            Path beside = file.resolveSibling(base.text() + SUFFIX);
            return Files.isRegularFile(beside) ? beside : find(base.text(), base.place() + ": extends: ");
        }

        private Path find(String id, String prefix) {
            List<String> ids = ids();
            if (!ids.contains(id)) {
                throw new ExperimentException(
                        "%sthere is no experiment \"%s\" in %s; allowed: %s, or the path of a .yaml file%s"
                                .formatted(prefix, id, folder, known(), Suggestion.of(id, ids)));
            }
            return folder.resolve(id + SUFFIX);
        }

        private String known() {
            List<String> ids = ids();
            return ids.isEmpty() ? "none yet" : String.join(", ", ids);
        }

        private List<String> ids() {
            if (!Files.isDirectory(folder)) {
                throw new ExperimentException("there is no experiments folder " + folder
                        + "; run in the project's folder, or give the path of a .yaml file");
            }
            try (Stream<Path> files = Files.list(folder)) {
                return files.filter(f -> f.toString().endsWith(SUFFIX))
                        .map(Folder::idOf)
                        .sorted()
                        .toList();
            } catch (IOException | UncheckedIOException e) {
                throw new ExperimentException(
                        "the experiments folder " + folder + " cannot be read: " + e.getMessage());
            }
        }

        private static String idOf(Path file) {
            String name = file.getFileName().toString();
            return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
        }

        private static String text(Path file) {
            if (!Files.isRegularFile(file)) {
                throw new ExperimentException(
                        "there is no experiment file " + file + "; example: experiments/smoke.yaml");
            }
            try {
                return Files.readString(file);
            } catch (CharacterCodingException e) {
                throw new ExperimentException(file + ": not UTF-8 text; save it as UTF-8");
            } catch (IOException e) {
                throw new ExperimentException(file + ": cannot be read: " + e.getMessage());
            }
        }
    }
}
