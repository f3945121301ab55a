package dev.switchlab.analysis;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Writes what people look at, whole or not at all. */
final class ReportFiles {

    private ReportFiles() {}

    static void write(Path file, String content) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        // Not Files.createTempFile, whose files only their owner may read: a report is for others, too, as the umask
        // allows.
        Path part = folder.resolve(file.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            Files.writeString(part, content, StandardCharsets.UTF_8, StandardOpenOption.CREATE_NEW);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
