package dev.switchlab.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
    void whatIsLeftOfAKilledProcessCanBeFound() throws IOException {
        Path file = folder.resolve("step-000010.safetensors");
        WholeFile.<IOException>write(file, part -> {
            Files.writeString(part, "begun");
            assertThat(file).doesNotExist();
            try (DirectoryStream<Path> unfinished = Files.newDirectoryStream(folder, WholeFile.unfinished("step-*"))) {
                assertThat(unfinished).containsExactly(part);
            }
        });
        try (DirectoryStream<Path> unfinished = Files.newDirectoryStream(folder, WholeFile.unfinished("step-*"))) {
            assertThat(unfinished).isEmpty();
        }
    }
}
