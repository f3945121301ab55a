package dev.switchlab.provenance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceTest {

    @TempDir
    Path folder;

    private void write(String file, String text) throws IOException {
        Files.createDirectories(folder.resolve(file).getParent());
        Files.writeString(folder.resolve(file), text);
    }

    private void git(String arguments) {
        assertThat(Processes.output(folder, ("git " + arguments).split(" ", -1)))
                .as(arguments)
                .isPresent();
    }

    @Test
    void resultsThatAreWrittenWhileRunsGoOnAreNoChange() throws Exception {
        write("src/Model.java", "1");
        write("experiments/results/RESULTS.md", "none yet");
        git("init --quiet");
        git("add .");
        git("-c user.name=ada -c user.email=ada@example.org commit --quiet --message first");
        assertThat(Source.in(folder).dirty()).isFalse();

        write("experiments/results/RESULTS.md", "some");
        write("experiments/results/figures/paper-01.svg", "<svg/>");
        assertThat(Source.in(folder)).returns(false, Source::dirty).returns("", Source::diff);

        write("experiments/mine.yaml", "a");
        assertThat(Source.in(folder).untracked()).containsExactly("experiments/mine.yaml");
        write("src/Model.java", "2");
        assertThat(Source.in(folder).diff()).contains("Model.java").doesNotContain("RESULTS");
    }

    @Test
    void repositoryAndBranchAreNamedWhereThereAreAny() throws Exception {
        assertThat(Source.repository(folder)).isEmpty();
        git("init --quiet --initial-branch=routers");
        assertThat(Source.repository(folder)).containsExactly(Map.entry("mlflow.source.git.branch", "routers"));
        git("remote add origin https://example.org/lab.git");
        assertThat(Source.repository(folder))
                .containsExactly(
                        Map.entry("mlflow.source.git.branch", "routers"),
                        Map.entry("mlflow.source.git.repoURL", "https://example.org/lab.git"));
    }
}
