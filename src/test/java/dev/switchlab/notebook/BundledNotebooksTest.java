package dev.switchlab.notebook;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every notebook of {@code jshell/} runs and prints its expected output. */
@Tag("slow")
class BundledNotebooksTest {

    @TempDir
    private static Path target;

    private static Notebooks notebooks() {
        return new Notebooks(Path.of("jshell"), target, false);
    }

    static List<Path> files() {
        return notebooks().files();
    }

    @ParameterizedTest
    @MethodSource("files")
    void aNotebookPrintsItsExpectedOutput(Path file) throws IOException {
        Notebooks.Verdict verdict = notebooks().run(file);
        assertThat(verdict.problem().orElse("")).isEmpty();
        assertThat(verdict.page()).isNotEmptyFile();
    }

    @Test
    void thereAreSix() {
        assertThat(files()).hasSizeGreaterThanOrEqualTo(6);
    }
}
