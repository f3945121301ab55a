package dev.switchlab.provenance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceTest {

    @TempDir
    Path folder;

    private void write(String file, String text) throws IOException {
        Files.createDirectories(folder.resolve(file).getParent());
        Files.writeString(folder.resolve(file), text);
    }

    private void git(String... arguments) throws Exception {
        String[] command = new String[arguments.length + 1];
        command[0] = "git";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    @Test
    void resultsThatAreWrittenWhileRunsGoOnAreNoChange() throws Exception {
        write("src/Model.java", "1");
        write("experiments/results/RESULTS.md", "none yet");
        git("init", "--quiet");
        git("add", ".");
        git("-c", "user.name=ada", "-c", "user.email=ada@example.org", "commit", "--quiet", "--message", "first");
        assertThat(Source.in(folder).dirty()).isFalse();

        write("experiments/results/RESULTS.md", "some");
        write("experiments/results/figures/paper-01.svg", "<svg/>");
        assertThat(Source.in(folder)).returns(false, Source::dirty).returns("", Source::diff);

        write("experiments/mine.yaml", "a");
        assertThat(Source.in(folder).untracked()).containsExactly("experiments/mine.yaml");
        write("src/Model.java", "2");
        assertThat(Source.in(folder).diff()).contains("Model.java").doesNotContain("RESULTS");
    }
}
