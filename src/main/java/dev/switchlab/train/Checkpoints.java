package dev.switchlab.train;

import dev.switchlab.io.WholeFile;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The checkpoints of one run, a file each in one folder. The newest stay, and the one with the best score on the
 * validation sample.
 */
public final class Checkpoints {

    private static final String NAMES = "step-*.safetensors";
    private static final String DAMAGED = ".damaged";

    private final Path folder;
    private final int keep;

    /**
     * @param folder made when the first checkpoint is saved
     * @param keep how many of the newest checkpoints stay
     */
    public Checkpoints(Path folder, int keep) {
        this.folder = folder;
        this.keep = keep;
    }

    /**
     * Saves a checkpoint, whole or not at all, and then deletes the oldest.
     *
     * @throws TrainingException in one line, when it cannot be written; the checkpoints before it are as they were
     */
    void save(Checkpoint checkpoint) {
        try {
            Files.createDirectories(folder);
            checkpoint.write(file(folder, checkpoint.step()));
            deleteOldest(checkpoint.bestStep());
        } catch (IOException e) {
            throw new TrainingException(
                    "the checkpoint of step %d cannot be saved in %s: %s; training stops here; %s"
                            .formatted(checkpoint.step(), folder, reason(e), whatIsLeft()),
                    e);
        }
    }

    private static String reason(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private String whatIsLeft() {
        Optional<Checkpoint> left = intact(folder, notice -> {});
        return left.map(c -> "the checkpoint of step " + c.step() + " is intact, so make room and: make resume RUN="
                        + c.runId())
                .orElse("there is no earlier one");
    }

    /**
     * The newest intact checkpoint of a folder; empty if there never was one. Damaged files are renamed, so that they
     * do not count among those that stay.
     *
     * @param notices is told of each damaged file, in one line
     * @throws TrainingException in one line, if there are damaged checkpoints only
     */
    public static Optional<Checkpoint> latest(Path folder, Consumer<String> notices) {
        Optional<Checkpoint> latest = intact(folder, notices);
        if (latest.isEmpty() && !list(folder, NAMES + DAMAGED).isEmpty()) {
            throw new TrainingException("all checkpoints in " + folder + " are damaged, so there is nothing to continue"
                    + " from; to take all steps again, delete step-*" + DAMAGED + " there and give the same command");
        }
        return latest;
    }

    /** The newest intact checkpoint, after setting all damaged ones aside. */
    private static Optional<Checkpoint> intact(Path folder, Consumer<String> notices) {
        Optional<Checkpoint> newest = Optional.empty();
        List<Path> files = files(folder);
        Collections.reverse(files);
        for (Path file : files) {
            try {
                Checkpoint checkpoint = Checkpoint.read(file);
                newest = newest.or(() -> Optional.of(checkpoint));
            } catch (IOException e) {
                Path aside = file.resolveSibling(file.getFileName() + DAMAGED);
                notices.accept(reason(e) + "; set aside as " + aside.getFileName()
                        + (newest.isEmpty() ? "; going back to the checkpoint before it" : ""));
                setAside(file, aside);
            }
        }
        return newest;
    }

    private static void setAside(Path file, Path aside) {
        try {
            if (!Files.isReadable(file)) {
                throw new AccessDeniedException(file.toString());
            }
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new TrainingException("the checkpoint " + file + " can neither be read nor renamed: " + e, e);
        }
    }

    /**
     * The checkpoint with the best score on the validation sample; empty if nothing was scored before the newest intact
     * one.
     *
     * @throws IOException if its file is missing or damaged
     */
    public static Optional<Checkpoint> best(Path folder, Consumer<String> notices) throws IOException {
        Optional<Checkpoint> latest = latest(folder, notices);
        if (latest.isEmpty() || latest.get().bestStep() == 0) {
            return Optional.empty();
        }
        return Optional.of(Checkpoint.read(file(folder, latest.get().bestStep())));
    }

    /**
     * Copies checkpoints that are not in another folder yet.
     *
     * @param to made if need be
     * @return how many there were
     */
    public static int copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        int copied = 0;
        for (Path file : files(from)) {
            Path copy = to.resolve(file.getFileName().toString());
            if (Files.exists(copy)) {
                continue;
            }
            try {
                WholeFile.<IOException>write(copy, part -> Files.copy(file, part));
                copied++;
            } catch (NoSuchFileException e) {
                if (Files.exists(file)) {
                    throw e;
                }
                // Otherwise the run goes on, and this one was among its oldest.
            }
        }
        return copied;
    }

    private static Path file(Path folder, int step) {
        return folder.resolve(String.format(Locale.ROOT, "step-%07d.safetensors", step));
    }

    /** Oldest first. */
    private static List<Path> files(Path folder) {
        return list(folder, NAMES);
    }

    private static List<Path> list(Path folder, String names) {
        List<Path> files = new ArrayList<>();
        if (!Files.isDirectory(folder)) {
            return files;
        }
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, names)) {
            for (Path file : stream) {
                if (!Files.isSymbolicLink(file)) { // merging must not copy what is elsewhere
                    files.add(file);
                }
            }
        } catch (IOException e) {
            throw new TrainingException("the checkpoints in " + folder + " cannot be listed: " + e.getMessage(), e);
        }
        Collections.sort(files);
        return files;
    }

    private void deleteOldest(int bestStep) throws IOException {
        List<Path> files = files(folder);
        Path best = file(folder, bestStep);
        for (Path file : files.subList(0, Math.max(0, files.size() - keep))) {
            if (!file.equals(best)) {
                Files.delete(file);
            }
        }
    }
}
