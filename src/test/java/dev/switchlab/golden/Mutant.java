package dev.switchlab.golden;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * A small, wrong change to the model. The mutants stand in {@code mutants.yaml}.
 *
 * @param name what it changes
 * @param file the source, relative to one of {@link #ROOTS}
 * @param replace replacements by the anchors that they replace
 */
record Mutant(String name, String file, Map<String, String> replace) {

    /** Java sources, and scripts among the resources. */
    static final List<Path> ROOTS =
            List.of(Path.of("src/main/java/dev/switchlab"), Path.of("src/main/resources/dev/switchlab"));

    private static final Pattern TOKEN = Pattern.compile("\\w+|[^\\s\\w]");

    /** Every mutant, by the code that it changes. */
    static Map<Mutants.Code, List<Mutant>> byCode() {
        try (InputStream yaml = Mutant.class.getResourceAsStream("mutants.yaml")) {
            Map<String, List<Mutant>> lists = new YAMLMapper().readValue(yaml, new TypeReference<>() {});
            return lists.entrySet().stream()
                    .collect(Collectors.toMap(list -> Mutants.Code.of(list.getKey()), Map.Entry::getValue));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Every mutant. */
    static List<Mutant> all() {
        return byCode().values().stream().flatMap(List::stream).toList();
    }

    /**
     * The file to change: the one that is named or, if it was renamed or moved, the only one with every anchor.
     *
     * @throws IllegalStateException if no file, or more than one, has every anchor exactly once
     */
    Path source() throws IOException {
        List<Path> fitting = new ArrayList<>();
        for (Path root : ROOTS) {
            Path named = root.resolve(file);
            if (Files.exists(named)) {
                apply(Files.readString(named));
                return named;
            }
            try (Stream<Path> files = Files.walk(root)) {
                for (Path other : files.filter(path -> path.toString().matches(".*\\.(java|py)"))
                        .toList()) {
                    String text = Files.readString(other);
                    if (replace.keySet().stream().allMatch(anchor -> matches(anchor, text) == 1)) {
                        fitting.add(other);
                    }
                }
            }
        }
        if (fitting.size() != 1) {
            throw new IllegalStateException("mutant '" + name + "': " + file
                    + " does not exist, and its anchors stand in " + fitting + "; name the file in mutants.yaml");
        }
        return fitting.get(0);
    }

    /**
     * The source with the change in it.
     *
     * @throws IllegalStateException naming mutant, file and anchor, if an anchor does not stand exactly once
     */
    String apply(String text) {
        String changed = text;
        for (Map.Entry<String, String> edit : replace.entrySet()) {
            long matches = matches(edit.getKey(), changed);
            if (matches != 1) {
                throw new IllegalStateException("mutant '" + name + "': the anchor '" + edit.getKey() + "' stands "
                        + matches + " times in " + file + ", not once; change it in mutants.yaml");
            }
            changed = pattern(edit.getKey()).matcher(changed).replaceFirst(Matcher.quoteReplacement(edit.getValue()));
        }
        return changed;
    }

    private static long matches(String anchor, String text) {
        return pattern(anchor).matcher(text).results().count();
    }

    /** The anchor's tokens with any space between them. */
    private static Pattern pattern(String anchor) {
        return Pattern.compile(TOKEN.matcher(anchor)
                .results()
                .map(MatchResult::group)
                .map(token ->
                        Character.isJavaIdentifierPart(token.charAt(0)) ? "\\b" + token + "\\b" : Pattern.quote(token))
                .collect(Collectors.joining("\\s*")));
    }

    /** Writes the changed class or script below {@code folder}, where it hides the real one on a class path. */
    void write(Path folder) throws IOException {
        Path source = source();
        String changed = apply(Files.readString(source));
        if (!source.toString().endsWith(".java")) {
            Path target = folder.resolve(Path.of("src/main/resources").relativize(source));
            Files.createDirectories(target.getParent());
            Files.writeString(target, changed);
            return;
        }
        Path mutated = Files.createTempDirectory("mutant").resolve(source.getFileName());
        try {
            Files.writeString(mutated, changed);
            String[] options = {"-nowarn", "-proc:none", "-cp", System.getProperty("java.class.path"), "-d"};
            List<String> arguments = new ArrayList<>(List.of(options));
            arguments.addAll(List.of(folder.toString(), mutated.toString()));
            if (ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new)) != 0) {
                throw new IllegalStateException("mutant '" + name + "' does not compile: " + source);
            }
        } finally {
            Files.deleteIfExists(mutated);
            Files.delete(mutated.getParent());
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
