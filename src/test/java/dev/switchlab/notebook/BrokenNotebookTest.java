package dev.switchlab.notebook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.switchlab.lab.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What plain jshell lets pass with exit code 0 fails here, and says where. */
@Tag("slow")
class BrokenNotebookTest {

    @TempDir
    private Path folder;

    private Path file;

    @BeforeEach
    void imports() throws IOException {
        Files.copy(Path.of("jshell/imports.jsh"), folder.resolve("imports.jsh"));
        file = folder.resolve("broken.jsh");
    }

    private String problem(String... lines) throws IOException {
        Files.writeString(file, String.join("\n", lines) + "\n");
        return new Notebooks(folder, folder.resolve("out"), false)
                .run(file)
                .problem()
                .orElse("");
    }

    static Stream<Arguments> failures() {
        return Stream.of(
                // A rejected snippet, a name that is not defined, an exception, an assertion, a check, a verb's error,
                // and a snippet that is not whole.
                Arguments.of("""
                        // %%
                        int a = 1;
                        // why
                        int b =
                            "two";
                        int c = 3;
                        """, """
                        :5: incompatible types: java.lang.String cannot be converted to int
                            int b =
                                "two";"""),
                Arguments.of("// %% [markdown]\n// Text.\n\n// %%\nint f() { return missing(); }", ":5: .*missing.*"),
                Arguments.of(
                        "// %%\n\nint[] a = {1};\na[1]",
                        ":4: ArrayIndexOutOfBoundsException: Index 1 out of bounds for length 1\n    a\\[1]"),
                Arguments.of(
                        "// %%\nint a = 1;\nassert a > 3 : \"a is \" + a;",
                        ":3: AssertionError: a is 1\n    assert a > 3 : \"a is \" \\+ a;"),
                Arguments.of("// %%\ncheck(1 + 1 == 3, \"sums\");", ":2: check failed: sums\n.*"),
                Arguments.of(
                        "// %%\nexperiment(\"smoke\").with(\"model.heads=5\")", ":2: (?!.*Exception).*model.heads.*"),
                Arguments.of(
                        "// %%\nint a = 1;\nif (a > 0) {\n    a++;",
                        ":.*reached end of file while parsing.*if \\(a > 0\\) \\{.*"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aFailureIsReportedWithItsLine(String notebook, String problem) throws IOException {
        assertThat(problem(notebook)).matches("(?s)" + Pattern.quote(file.toString()) + problem);
    }

    @Test
    void nothingRunsAfterTheFailure() throws IOException {
        problem("// %%", "System.out.println(\"before\");", "int b = true;", "System.out.println(\"after\");");
        assertThat(folder.resolve("out/broken.md"))
                .content()
                .contains("```text\nbefore\n```", "**Failed**")
                .doesNotContain("```text\nafter");
    }

    @Test
    void changedNumber() throws IOException {
        Path expected = folder.resolve("expected/broken.md");
        Files.writeString(file, "// %%\n6 * 7\n");
        new Notebooks(folder, folder.resolve("out"), true).run(file);
        assertThat(problem("// %%", "6 * 7")).isEmpty();
        assertThat(expected).content().contains("42");
        Files.writeString(expected, Files.readString(expected).replace("42", "41"));
        assertThat(problem("// %%", "6 * 7"))
                .startsWith(file + ": the output differs from " + expected)
                .contains("\n-41\n+42\n");
    }

    @Test
    void unstableOutputIsNotComparedAndRoundingOnlyOnItsProcessor() throws IOException {
        String[] cells = {
            "// %% tags=[\"unstable\"]", "System.nanoTime()", "// %% tags=[\"rounding\"]", "0.1f + 0.2f", "// %%", "1"
        };
        Files.writeString(file, String.join("\n", cells));
        new Notebooks(folder, folder.resolve("out"), true).run(file);
        assertThat(problem(cells)).isEmpty();
        cells[3] = "0.1f + 0.3f";
        assertThat(problem(cells)).isNotEmpty();
        Path expected = folder.resolve("expected/broken.md");
        String elsewhere = Files.readString(expected)
                .replace(Expected.platform(), "another machine")
                .replace("0.1f + 0.2f", "0.1f + 0.3f"); // the code is compared everywhere
        Files.writeString(expected, elsewhere);
        assertThat(problem(cells)).isEmpty();
        cells[5] = "2";
        assertThat(problem(cells)).contains("+2");
    }

    @Test
    void withoutExpectedOutput() throws IOException {
        assertThat(problem("// %%", "1 + 1")).contains("there is no expected output yet");
    }

    @Test
    void badMarkers() {
        assertThatThrownBy(() -> problem("int a = 1;"))
                .isInstanceOf(LabException.class)
                .hasMessage(file + ":1: a notebook begins with a marker, // %% or // %% [markdown]");
        assertThatThrownBy(() -> problem("// %%", "1", "// %% tags=[\"stabel\"]"))
                .hasMessageContaining(file + ":3: unknown cell marker 'tags=[\"stabel\"]', allowed: ");
        assertThatThrownBy(() -> problem("// %% [markdown]", "text"))
                .hasMessageContaining(file + ":2: a line of a markdown cell begins with //");
    }
}
