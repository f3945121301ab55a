package dev.switchlab.io;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes files atomically: first under a temporary name in the same folder, then by a move. A reader sees the old or
 * the new contents, whatever fails, and also when several processes write the same file.
 */
public final class WholeFile {

    private static final String PART = ".part";
    private static final String WRITERS = writers();
    private static final long PID = ProcessHandle.current().pid();
    /** Earlier versions wrote no process. */
    private static final Pattern NAME =
            Pattern.compile("\\..*\\.(([0-9a-f]{8})-(\\d{1,18})-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.part");

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
        clear(target.getParent());
        // Not Files.createTempFile, whose files only their owner may read.
        Path part = target.resolveSibling(
                "." + target.getFileName() + "." + WRITERS + "-" + PID + "-" + UUID.randomUUID() + PART);
        try {
            contents.writeTo(part);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /** Deletes the temporary files in a folder that processes left which can no longer be writing them. */
    public static void clear(Path folder) {
        try (DirectoryStream<Path> parts = Files.newDirectoryStream(folder, ".*" + PART)) {
            for (Path part : parts) {
                if (isAbandoned(part)) {
                    Files.deleteIfExists(part);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            return; // the next process to write there tries again
        }
    }

    /** A process that cannot be seen from here (on another machine, or before a restart) is given a day. */
    private static boolean isAbandoned(Path part) throws IOException {
        Matcher name = NAME.matcher(part.getFileName().toString());
        if (!name.matches()) {
            return false; // of another program
        }
        return WRITERS.equals(name.group(2))
                ? ProcessHandle.of(Long.parseLong(name.group(3))).isEmpty()
                : Files.getLastModifiedTime(part)
                        .toInstant()
                        .isBefore(Instant.now().minus(Duration.ofDays(1)));
    }

    /** Tells apart where process ids mean other processes: machines, containers, and a machine before a restart. */
    private static String writers() {
        StringBuilder place = new StringBuilder();
        try {
            place.append(Files.readString(Path.of("/proc/sys/kernel/random/boot_id")));
            place.append(Files.readSymbolicLink(Path.of("/proc/self/ns/pid")));
        } catch (IOException | UnsupportedOperationException e) {
            place.append(System.getProperty("os.name")); // not Linux
        }
        return Sha256.of(place.toString()).substring(0, 8);
    }

    /** Whether a file is temporary: being written, or left by a killed process. */
    public static boolean isUnfinished(Path file) {
        String name = file.getFileName().toString();
        return name.startsWith(".") && name.endsWith(PART);
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
