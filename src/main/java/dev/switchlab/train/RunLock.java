package dev.switchlab.train;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Held while a run is trained, so that nobody goes on with a run that still lives. The system frees it when the process dies. */
public final class RunLock implements AutoCloseable {

    private final Path folder;
    private final FileChannel channel;

    private RunLock(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /**
     * Takes the lock of a run.
     *
     * @param folder the run's checkpoints; made if need be
     * @throws TrainingException in one line, if another process trains the run
     */
    public static RunLock take(Path folder, String runId) {
        FileChannel channel = null;
        try {
            Files.createDirectories(folder);
            channel = FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return new RunLock(folder, channel);
            }
            channel.close();
        } catch (OverlappingFileLockException e) {
            closeQuietly(channel);
        } catch (IOException e) {
            closeQuietly(channel);
            throw new TrainingException("the folder " + folder + " cannot be used: " + e.getMessage(), e);
        }
        throw new TrainingException(
                "run " + runId + " is being trained by another process; end that first (Ctrl-C saves what it reached)");
    }

    /** The run's checkpoints. */
    public Path folder() {
        return folder;
    }

    private static void closeQuietly(FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            // Nothing was written: the lock is gone with the process at the latest.
            return;
        }
    }

    @Override
    public void close() {
        closeQuietly(channel);
    }
}
