package dev.switchlab.io;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/**
 * Writes a file so that its name always stands for whole contents, whatever fails and also when several processes write
 * it: first under another name beside it, then by a move.
 */
public final class WholeFile {

    private WholeFile() {}

    /**
     * Makes the contents.
     *
     * @param <E> what can go wrong beside the file
     */
    public interface Contents<E extends Exception> {

        /** Writes them to {@code part}, which does not exist yet. */
        void writeTo(Path part) throws IOException, E;
    }

    /**
     * Writes {@code file}, and folders where they are missing; replaces what was there. As readable for others as the
     * umask allows.
     */
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
     * What a process that was killed while it wrote has left, as a glob: the unfinished files beside those that
     * {@code names} matches.
     *
     * @param names a glob of names, such as {@code step-*.safetensors}
     */
    public static String unfinished(String names) {
        return "." + names + ".*.part";
    }

    /** Whether a file is one that is being written, or that a killed process left. */
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
