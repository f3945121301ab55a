package dev.switchlab.experiment;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Experiment files: found by id or path, and joined with what they extend. */
final class ExperimentFiles {
    static final String EXTENDS = "extends";
    private static final String SUFFIX = ".yaml";

    private final Path folder;

    ExperimentFiles(Path folder) {
        this.folder = folder;
    }

    /** The settings of a file over those of the files it extends, and its id. */
    Map<String, Setting> read(String idOrPath) {
        boolean byPath = idOrPath.endsWith(SUFFIX);
        Path file = byPath ? Path.of(idOrPath) : find(idOrPath, "");
        String name = idOf(file);
        Map<String, Setting> settings = chain(file, new LinkedHashSet<>());
        Setting id = settings.putIfAbsent("id", new Setting(name, file.toString()));
        if (id != null && !byPath && !name.equals(id.text())) {
            throw new ExperimentException(
                    "id",
                    "%s: id is \"%s\"; allowed: the name of its file, %s; example: id: %s"
                            .formatted(id.place(), id.text(), name, name));
        }
        return settings;
    }

    List<ExperimentSummary> list() {
        return ids().stream().map(this::summary).toList();
    }

    private ExperimentSummary summary(String id) {
        try {
            Setting about =
                    chain(folder.resolve(id + SUFFIX), new LinkedHashSet<>()).get("about");
            String text = about == null || about.text() == null ? "" : about.text();
            return new ExperimentSummary(id, text.lines().findFirst().orElse(""));
        } catch (ExperimentException e) {
            return new ExperimentSummary(id, "cannot be read: " + e.getMessage());
        }
    }

    private Map<String, Setting> chain(Path file, Set<Path> seen) {
        if (!seen.add(file.toAbsolutePath().normalize())) {
            String circle = Stream.concat(seen.stream(), Stream.of(file))
                    .map(ExperimentFiles::idOf)
                    .collect(Collectors.joining(" -> "));
            throw new ExperimentException(EXTENDS, file + ": experiments extend each other in a circle: " + circle);
        }
        Map<String, Setting> own = YamlReader.read(text(file), file.toString());
        Setting base = own.remove(EXTENDS);
        if (base == null) {
            return own;
        }
        if (base.text() == null) {
            throw new ExperimentException(
                    EXTENDS,
                    base.place() + ": extends has no value; allowed: " + known()
                            + "; example: extends: tiny-shakespeare");
        }
        Map<String, Setting> settings = new LinkedHashMap<>(chain(findBeside(file, base), seen));
        // A file's name and its reason are its own.
        settings.remove("id");
        settings.remove("about");
        settings.remove("expect");
        settings.putAll(own);
        return settings;
    }

    private Path findBeside(Path file, Setting base) {
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
            List<String> ids = new ArrayList<>(files.filter(f -> f.toString().endsWith(SUFFIX))
                    .map(ExperimentFiles::idOf)
                    .sorted()
                    .toList());
            return ids;
        } catch (IOException | UncheckedIOException e) {
            throw new ExperimentException("the experiments folder " + folder + " cannot be read: " + e.getMessage());
        }
    }

    private static String idOf(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : name;
    }

    private static String text(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new ExperimentException("there is no experiment file " + file + "; example: experiments/smoke.yaml");
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
