package dev.switchlab.notebook;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every notebook of {@code jshell/} runs and prints what its expected output says. */
@Tag("slow")
class BundledNotebooksTest {

    private static final Path FOLDER = Path.of("jshell");

    @TempDir
    private static Path target;

    @TestFactory
    Stream<DynamicTest> notebookPrintsWhatIsExpected() {
        Notebooks notebooks = new Notebooks(FOLDER, target, false);
        return notebooks.files().stream()
                .map(file -> DynamicTest.dynamicTest(file.toString(), () -> {
                    Notebooks.Verdict verdict = notebooks.run(file);
                    assertThat(verdict.problem().orElse("")).isEmpty();
                    assertThat(verdict.page()).isNotEmptyFile();
                }));
    }

    @Test
    void thereAreSix() {
        List<Path> files = new Notebooks(FOLDER, target, false).files();
        assertThat(files).hasSizeGreaterThanOrEqualTo(6);
    }
}
