package dev.switchlab.io;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/**
 * Writes files atomically: first under a temporary name in the same folder, then by a move. A reader sees the old or
 * the new contents, whatever fails, and also when several processes write the same file.
 */
public final class WholeFile {

    private WholeFile() {}

    /**
     * Writes the contents.
     *
     * @param <E> what can fail beside the file
     */
    public interface Contents<E extends Exception> {

        /** Writes to {@code part}, which does not exist yet. */
        void writeTo(Path part) throws IOException, E;
    }

    /** Writes or replaces {@code file}, and creates missing folders. Permissions are those of the umask. */
    public static <E extends Exception> void write(Path file, Contents<E> contents) throws IOException, E {
        Path target = file.toAbsolutePath();
        Files.createDirectories(target.getParent());
        // Not Files.createTempFile, whose files only their owner may read.
        Path part = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            contents.writeTo(part);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /**
     * A glob of the temporary files that killed processes left of files that {@code names} matches.
     *
     * @param names a glob of names, such as {@code step-*.safetensors}
     */
    public static String unfinished(String names) {
        return "." + names + ".*.part";
    }

    /** Whether a file is temporary: being written, or left by a killed process. */
    public static boolean isUnfinished(Path file) {
        String name = file.getFileName().toString();
        return name.startsWith(".") && name.endsWith(".part");
    }

    /** Writes UTF-8 text. */
    public static void write(Path file, String text) throws IOException {
        write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Writes bytes. */
    public static void write(Path file, byte[] bytes) throws IOException {
        WholeFile.<IOException>write(file, part -> Files.write(part, bytes));
    }
}
