package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkerJvmTest {

    @TempDir
    Path folder;

    /** Prepares the JVM of some build, and returns the class path of its workers. */
    private Path build(int number) throws IOException {
        Path classes = Files.createDirectories(folder.resolve("classes" + number));
        Path some = classes.resolve("some.txt");
        if (!Files.exists(some)) {
            Files.writeString(some, "build " + number);
        }
        List<String> command = WorkerJvm.of("Main", classes.toString(), folder.resolve("cache"))
                .command(List.of());
        return Path.of(command.get(command.indexOf("-cp") + 1));
    }

    @Test
    void buildsThatWereNotUsedForDaysAreDeleted() throws Exception {
        List<Path> jars = new ArrayList<>();
        for (int number = 0; number < 6; number++) {
            jars.add(build(number));
        }
        assertThat(jars).as("sweeps may be running").allMatch(Files::isRegularFile);
        for (int number = 0; number < 6; number++) {
            FileTime lastUsed = FileTime.from(Instant.now().minus(Duration.ofDays(6 - number)));
            Files.setLastModifiedTime(jars.get(number).getParent(), lastUsed);
        }
        build(0);
        assertThat(jars).filteredOn(Files::exists).containsExactly(jars.get(0), jars.get(4), jars.get(5));
        try (Stream<Path> builds = Files.list(folder.resolve("cache"))) {
            assertThat(builds).hasSize(3);
        }
    }
}
