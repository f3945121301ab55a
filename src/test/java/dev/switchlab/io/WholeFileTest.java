package dev.switchlab.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Files are whole, alone in their folder, and as readable as any other file. */
class WholeFileTest {

    @TempDir
    private Path folder;

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "has no POSIX permissions")
    void whoeverMayReadOtherFilesMayReadThese() throws IOException {
        Path ordinary = Files.writeString(folder.resolve("ordinary"), "");
        Path report = folder.resolve("reports/report.html");
        WholeFile.write(report, "new");
        assertThat(Files.getPosixFilePermissions(report)).isEqualTo(Files.getPosixFilePermissions(ordinary));
    }

    @Test
    void replacesAndLeavesNothingElse() throws IOException {
        Path report = folder.resolve("report.html");
        WholeFile.write(report, "old");
        WholeFile.write(report, "new ⏎");
        assertThat(report).hasContent("new ⏎");
        Path taken = Files.createDirectories(folder.resolve("taken/inside")).getParent();
        assertThatThrownBy(() -> WholeFile.write(taken, "x")).isInstanceOf(IOException.class);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactlyInAnyOrder(report, taken);
        }
    }

    @Test
    void whatIsLeftOfAKilledProcessIsDeletedByTheNextThatWritesThere() throws Exception {
        Process killed = new ProcessBuilder("sleep", "100").start();
        String pid = Long.toString(ProcessHandle.current().pid());
        List<Path> left = new ArrayList<>();
        Path old = Files.writeString(folder.resolve(".old.f81d4fae-7dec-11d0-a765-00a0c91e6bf6.part"), "");
        Path foreign = Files.writeString(folder.resolve(".film.part"), "");
        Files.setLastModifiedTime(foreign, FileTime.from(Instant.EPOCH));
        Path young = Files.writeString(folder.resolve(".young.f81d4fae-7dec-11d0-a765-00a0c91e6bf6.part"), "");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(25))));
        WholeFile.<IOException>write(folder.resolve("step-000010.safetensors"), part -> {
            Files.writeString(part, "begun");
            assertThat(part)
                    .satisfies(file -> assertThat(WholeFile.isUnfinished(file)).isTrue());
            left.add(Files.copy(
                    part,
                    part.resolveSibling(
                            part.getFileName().toString().replace("-" + pid + "-", "-" + killed.pid() + "-"))));
            WholeFile.write(folder.resolve("other"), "x");
            assertThat(part).as("of a process that lives").exists();
            assertThat(left.get(0)).as("of a process that lives").exists();
            assertThat(young).as("of a process that may live elsewhere").exists();
            assertThat(old).doesNotExist();
        });
        killed.destroyForcibly().waitFor();
        WholeFile.write(folder.resolve("other"), "y");
        assertThat(left.get(0)).doesNotExist();
        assertThat(young).exists();
        assertThat(foreign).as("of another program").exists();
    }
}
