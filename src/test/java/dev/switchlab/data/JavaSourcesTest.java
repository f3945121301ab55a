package dev.switchlab.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.experiment.Experiment.Validation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JavaSourcesTest {

    private static final String LICENSE = "/*\n * Copyright %s, licensed to you.\n */\n";

    @TempDir
    Path folder;

    @Test
    void equalFilesAndLicenseHeadersAreTakenOnce() {
        Map<String, String> files = new TreeMap<>();
        files.put("1", LICENSE.formatted("2001") + "\npackage a;\n");
        files.put("2", LICENSE.formatted("2002-2003") + "package b;\n\n");
        files.put("3", LICENSE.formatted("2004") + "package a;");
        files.put("4", "/* What it does. */\npackage c;\n");
        files.put("5", LICENSE.formatted("2001"));
        assertThat(new String(JavaSources.joined(new TreeMap<>(files)), StandardCharsets.UTF_8))
                .isEqualTo(
                        LICENSE.formatted("2001") + "package a;\n\fpackage b;\n\f/* What it does. */\npackage c;\n\f");
    }

    /** The cut of 0.5 goes through the second file, which then is validated on. */
    @Test
    void noFileStandsOnBothSidesOfASplit() {
        Corpus corpus = new Corpus(JavaSources.NAME, "", "aaaa\n\fbbbb\n\fcc\n\f");
        Split split = Split.of(corpus, CharTokenizer.of(corpus.text()), 0.5, Validation.REST);
        assertThat(split.train().limit()).isEqualTo(6);
        assertThat(split.validationText()).isEqualTo("bbbb\n\fcc\n\f");
        Split held = Split.of(corpus, CharTokenizer.of(corpus.text()), 0.9, Validation.HELD_OUT);
        assertThat(held.train().limit()).isEqualTo(6);
        assertThat(held.validationText()).isEqualTo("bbbb\n\f");
    }

    @Test
    void theCorpusHasToBeFetchedFirst() throws IOException {
        CorpusStore store = new CorpusStore(folder, Map.of(), null, notice -> {});
        assertThatThrownBy(() -> store.open("java-sources", "none", "characters"))
                .isInstanceOf(DataException.class)
                .hasMessage("corpus java-sources: not in " + folder.resolve("corpora")
                        + "; get it with: make corpus NAME=java-sources");
        Files.createDirectories(folder.resolve("corpora"));
        Files.writeString(folder.resolve("corpora/java-sources.txt"), "package a;");
        assertThatThrownBy(() -> store.open("java-sources", "none", "characters"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("is damaged (sha256 ")
                .hasMessageEndingWith("; get it again with: make corpus NAME=java-sources");
        assertThatThrownBy(() -> store.get("wikipedia"))
                .isInstanceOf(DataException.class)
                .hasMessage("corpus wikipedia: not known; allowed: tiny-shakespeare, dickens, java-sources; example:"
                        + " NAME=java-sources");
    }

    @Test
    void aJarThatCannotBeHadIsNamedInOneLine() throws IOException {
        Path maven = Files.writeString(folder.resolve("mvn"), """
                #!/bin/sh
                echo '[ERROR] Could not find artifact com.google.guava:guava:jar:sources:33.4.0-jre'
                exit 1
                """);
        assertThat(maven.toFile().setExecutable(true)).isTrue();
        assertThatThrownBy(() -> JavaSources.build(folder.resolve("corpus.txt"), maven.toString()))
                .isInstanceOf(DataException.class)
                .hasMessage("corpus java-sources: Maven cannot get the source jars: Could not find artifact"
                        + " com.google.guava:guava:jar:sources:33.4.0-jre");
        assertThat(folder.resolve("corpus.txt")).doesNotExist();
    }

    @Test
    void thePluginIsThatOfTheBuild() throws IOException {
        assertThat(Files.readString(Path.of("pom.xml")).replaceAll("\\s", ""))
                .contains("<artifactId>maven-dependency-plugin</artifactId><version>" + JavaSources.PLUGIN + "<");
    }
}
