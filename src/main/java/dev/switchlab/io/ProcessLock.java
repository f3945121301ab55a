package dev.switchlab.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** A file lock that one process at a time holds. The system releases it when the process dies; the file stays. */
public final class ProcessLock implements AutoCloseable {

    private final FileChannel channel;

    private ProcessLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Takes the lock without waiting; empty while this or another process holds it.
     *
     * @param file created if missing, with its folder
     */
    public static Optional<ProcessLock> take(Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        boolean taken = false;
        try {
            taken = channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            // This process holds it.
            return Optional.empty();
        } finally {
            if (!taken) {
                channel.close();
            }
        }
        return taken ? Optional.of(new ProcessLock(channel)) : Optional.empty();
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing was written, and the lock ends with the process at the latest.
            return;
        }
    }
}
