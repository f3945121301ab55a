package dev.switchlab;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The front page and the guide: links resolve; targets, variables, settings and classes that they name exist. */
class DocumentsTest {

    private static final Path FRONT_PAGE = Path.of("README.md");
    private static final Pattern HEADING = Pattern.compile("(?m)^#+ (.*)$");
    private static final Pattern LINK = Pattern.compile("]\\((?!https?:)([^)\\s]+)\\)");
    private static final Pattern CALL =
            Pattern.compile("(?m)(?:^ *|`|&& |\\w=\\S+ )make ([a-z-]+)((?: [A-Z_]+=(?:\"[^\"]*\"|[^\\s`\"]+))*)");
    private static final Pattern ARGUMENT = Pattern.compile("([A-Z_]+)=(?:\"[^\"]*\"|\\S+)");
    private static final Pattern VARIABLE = Pattern.compile("`([A-Z][A-Z_]+)(?:=[^`]*)?`");
    private static final Pattern SETTING = Pattern.compile("`((?:model|train)\\.[a-z_0-9]+)[^`]*`");
    private static final Pattern CLASS = Pattern.compile("`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`");
    private static final Pattern DEFINITION = Pattern.compile("(?m)^([\\w.-]+)\\s*:=(.*)$");
    private static final Pattern REFERENCE = Pattern.compile("\\$\\((\\w+)\\)");

    private static List<Path> guide() throws IOException {
        List<Path> documents = new ArrayList<>(List.of(FRONT_PAGE));
        documents.addAll(markdown("src/site/markdown"));
        return documents;
    }

    private static List<Path> all() throws IOException {
        List<Path> documents = new ArrayList<>(guide());
        documents.addAll(markdown("experiments/results"));
        documents.addAll(List.of(Path.of("golden/README.md"), Path.of("jshell/README.md")));
        return documents;
    }

    private static List<Path> markdown(String folder) throws IOException {
        try (Stream<Path> files = Files.list(Path.of(folder))) {
            return files.filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        }
    }

    private static Set<String> named(Pattern pattern, Path document) throws IOException {
        return pattern.matcher(Files.readString(document))
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /**
     * A forge and the site name headings differently, so a link to a heading would be dead in one of them. Only results
     * have such links, which are no part of the site.
     */
    @ParameterizedTest
    @MethodSource("all")
    void linksResolve(Path document) throws IOException {
        Set<String> anchors = document.startsWith(Path.of("experiments/results")) ? anchors(document) : Set.of();
        assertThat(named(LINK, document))
                .filteredOn(link -> !anchors.contains(link))
                .allSatisfy(link -> {
                    assertThat(link).doesNotContain("#");
                    assertThat(document.toAbsolutePath().resolveSibling(link)).exists();
                });
    }

    /** Links to the headings of a document, as forges make them. */
    private static Set<String> anchors(Path document) throws IOException {
        return named(HEADING, document).stream()
                .map(heading -> "#"
                        + heading.toLowerCase(Locale.ROOT)
                                .replaceAll("[^\\p{L}\\p{N} _-]", "")
                                .replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    @ParameterizedTest
    @MethodSource("guide")
    void targetsTakeTheVariables(Path document) throws IOException {
        Makefile makefile = Makefile.read();
        for (MatchResult call :
                CALL.matcher(Files.readString(document)).results().toList()) {
            assertThat(makefile.targets()).as(call.group()).contains(call.group(1));
            assertThat(ARGUMENT.matcher(call.group(2)).results().map(argument -> argument.group(1)))
                    .as(call.group())
                    .allMatch(variable -> makefile.takes(call.group(1), variable));
        }
        assertThat(named(VARIABLE, document))
                .allMatch(variable -> makefile.targets().stream().anyMatch(target -> makefile.takes(target, variable)));
    }

    @ParameterizedTest
    @MethodSource("guide")
    void settingsExist(Path document) throws IOException {
        Set<String> settings = Experiment.of(Semantics.PAPER, "model.expert_dropout=0.1")
                .toParams()
                .keySet();
        assertThat(settings).containsAll(named(SETTING, document));
    }

    @ParameterizedTest
    @MethodSource("guide")
    void classesExist(Path document) throws IOException {
        try (Stream<Path> sources = Files.walk(Path.of("src"))) {
            Set<String> classes = sources.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".java"))
                    .map(name -> name.replace(".java", ""))
                    .collect(Collectors.toSet());
            assertThat(classes).containsAll(named(CLASS, document));
        }
    }

    @Test
    void theFrontPageIsShort() throws IOException {
        assertThat(Files.readAllLines(FRONT_PAGE)).hasSizeLessThanOrEqualTo(150);
    }

    /** The targets of the Makefile that have a description, and the variables defined by {@code :=}. */
    private record Makefile(Set<String> targets, Map<String, String> variables) {

        static Makefile read() throws IOException {
            String text = Files.readString(Path.of("Makefile")).replace("\\\n", " ");
            Set<String> targets = Pattern.compile("(?m)^([a-z-]+):.*## ")
                    .matcher(text)
                    .results()
                    .map(match -> match.group(1))
                    .collect(Collectors.toSet());
            Map<String, String> variables = new HashMap<>();
            DEFINITION.matcher(text).results().forEach(match -> variables.put(match.group(1), match.group(2)));
            return new Makefile(targets, variables);
        }

        boolean takes(String target, String variable) {
            return Stream.of("takes." + target, "EVERYWHERE", "TOOLS")
                    .flatMap(list -> Stream.of(expanded(list).split(" +")))
                    .anyMatch(name -> variable.matches(name.replace("%", ".*")));
        }

        private String expanded(String name) {
            return REFERENCE
                    .matcher(variables.getOrDefault(name, ""))
                    .replaceAll(reference -> Matcher.quoteReplacement(expanded(reference.group(1))));
        }
    }
}
