package dev.switchlab.cli;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import dev.switchlab.runs.fake.BookRows;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/**
 * A command in a process that kills itself (SIGKILL): there is no way to be cut off more suddenly, and from within the
 * moment can be chosen. Waits for a line on its input, so that it can be started before it is needed.
 */
final class KilledCommand {

    private static final int SIGKILL = 9;

    private final BookRows book;
    private final String run;
    private final boolean whileSaving;
    private final int atStep;
    private final long amount;
    private final Function kill = NativeLibrary.getProcess().getFunction("kill");
    private final Integer[] arguments = {(int) ProcessHandle.current().pid(), SIGKILL};

    private KilledCommand(String... args) {
        book = new BookRows(Path.of(args[0]));
        run = args[1];
        whileSaving = args[2].equals("saving");
        atStep = Integer.parseInt(args[3]);
        amount = Long.parseLong(args[4]);
    }

    /**
     * @param args runs folder; run; "step N MICROSECONDS" (so long after the book has step N) or "saving N BYTES" (as
     *     soon as the file of a checkpoint after step N that is being written has so many bytes); then the command's
     *     own
     */
    public static void main(String[] args) throws IOException {
        Thread killer = new Thread(new KilledCommand(args)::watch);
        killer.setDaemon(true);
        System.in.read();
        killer.start();
        Main.main(Arrays.copyOfRange(args, 5, args.length));
    }

    private void watch() {
        while (book.lastStep(run, "train/loss") < atStep) {
            LockSupport.parkNanos(500_000);
        }
        if (whileSaving) {
            while (!beingWritten()) {
                Thread.onSpinWait();
            }
        } else {
            LockSupport.parkNanos(1000 * amount);
        }
        kill.invokeInt(arguments);
    }

    private boolean beingWritten() {
        PathMatcher unfinished = FileSystems.getDefault().getPathMatcher("glob:.step-*.part");
        Path checkpoints = book.folder().resolve("checkpoints").resolve(run);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(checkpoints)) {
            for (Path file : files) {
                if (unfinished.matches(file.getFileName()) && Files.size(file) >= amount) {
                    return true;
                }
            }
        } catch (IOException e) {
            return false; // Not yet there, or moved just now.
        }
        return false;
    }
}
