package dev.switchlab.tracking;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * What of one run the server does not have yet, in the folder {@code <runs>/spool/<key>}: the {@link Journal}, files waiting for their
 * upload, and how far sending has come. Only one process at a time has it open.
 */
final class Spool implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String FOLDER = "spool";
    /**
     * What this process has open. The lock file alone would not do: closing any channel of it, as a second opener does, gives up the
     * lock of the whole process on POSIX systems.
     */
    private static final Set<Path> OPEN_HERE = ConcurrentHashMap.newKeySet();

    /**
     * How far sending has come. Losing the newest state does no harm: the server takes the same things again without a change.
     *
     * @param runId the server's id of the run, empty before it is created
     * @param artifactUri the server's place for the run's artifacts
     * @param attempted whether the run may have been created although no answer came
     * @param offset in the journal; everything before it has been sent, but for files that still wait in {@code artifacts}
     */
    record Sent(String runId, String artifactUri, boolean attempted, long offset) {
        static final Sent NOTHING = new Sent("", "", false, 0);

        Sent attempting() {
            return new Sent(runId, artifactUri, true, offset);
        }

        Sent as(String newRunId, String newArtifactUri) {
            return new Sent(newRunId, newArtifactUri, attempted, offset);
        }

        Sent upTo(long newOffset) {
            return new Sent(runId, artifactUri, attempted, newOffset);
        }
    }

    private final Path folder;
    private final FileChannel lockFile;
    private final Journal journal;
    private final Event.Start start;
    private final List<Event.Artifact> waiting = new ArrayList<>();
    private Event lastEvent;
    private long lastTime;
    private int artifactNumber;
    private volatile Sent sent;

    private Spool(Path folder, FileChannel lockFile, Optional<Event.Start> first) throws IOException {
        this.folder = folder;
        this.lockFile = lockFile;
        Files.createDirectories(artifacts());
        this.journal = new Journal(folder.resolve("journal"));
        if (first.isPresent()) {
            journal.append(List.of(first.get()));
            journal.force();
        }
        this.start = scan();
        this.sent = readSent(folder);
    }

    static Path parent(Path runsFolder) {
        return runsFolder.resolve(FOLDER);
    }

    /**
     * Begins a spool, on the disk when this returns.
     *
     * @param name its folder's name: the run's key, and more where a resumed run gets another spool
     */
    static Spool create(Path runsFolder, String name, Event.Start start) throws IOException {
        Path folder = parent(runsFolder).resolve(name);
        Files.createDirectories(folder);
        return open(folder, Optional.of(start)).orElseThrow();
    }

    /** Whether a living process has the spool open. */
    static boolean isOpen(Path folder) throws IOException {
        if (OPEN_HERE.contains(folder.toRealPath())) {
            return true;
        }
        try (FileChannel lockFile = lockFile(folder);
                FileLock lock = lockFile.tryLock()) {
            return lock == null;
        } catch (OverlappingFileLockException e) {
            return true;
        }
    }

    /** Opens the spool in a folder; empty if another process, or another part of this one, has it open. */
    static Optional<Spool> open(Path folder) throws IOException {
        return open(folder, Optional.empty());
    }

    private static Optional<Spool> open(Path folder, Optional<Event.Start> first) throws IOException {
        Path real = folder.toRealPath();
        if (!OPEN_HERE.add(real)) {
            return Optional.empty();
        }
        FileChannel lockFile = null;
        try {
            lockFile = lockFile(folder);
            if (lockFile.tryLock() != null) {
                return Optional.of(new Spool(real, lockFile, first));
            }
            lockFile.close();
            OPEN_HERE.remove(real);
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            if (lockFile != null) {
                lockFile.close();
            }
            OPEN_HERE.remove(real);
            throw e;
        }
    }

    private static FileChannel lockFile(Path folder) throws IOException {
        return FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    /** Finds the first and the last event, and the files that still wait. */
    private Event.Start scan() throws IOException {
        Event.Start first = null;
        try (Journal.Reader reader = journal.reader(0)) {
            for (Optional<Event> next = reader.next(); next.isPresent(); next = reader.next()) {
                Event event = next.get();
                lastEvent = event;
                if (event instanceof Event.Start begin && first == null) {
                    first = begin;
                } else if (event instanceof Event.Artifact artifact) {
                    artifactNumber++;
                    if (Files.exists(artifacts().resolve(artifact.file()))) {
                        waiting.add(artifact);
                    }
                }
                lastTime = Math.max(lastTime, time(event));
            }
        }
        if (first == null) {
            journal.close();
            throw new IOException("the beginning of " + folder.resolve("journal") + " is damaged");
        }
        return first;
    }

    private static long time(Event event) {
        if (event instanceof Event.Start begin) {
            return begin.time();
        }
        if (event instanceof Event.Metrics metrics) {
            return metrics.time();
        }
        return event instanceof Event.Finish finish ? finish.time() : 0;
    }

    /** How far sending had come, for a look from outside. */
    static Sent readSent(Path folder) throws IOException {
        try {
            return MAPPER.readValue(folder.resolve("sent.json").toFile(), Sent.class);
        } catch (NoSuchFileException | java.io.FileNotFoundException e) {
            return Sent.NOTHING;
        }
    }

    Path folder() {
        return folder;
    }

    Journal journal() {
        return journal;
    }

    /** How messages call the run: the server's id as soon as there is one. */
    String label() {
        return sent.runId().isEmpty() ? start.key() : sent.runId();
    }

    Event.Start start() {
        return start;
    }

    Sent sent() {
        return sent;
    }

    /** Files of the part already sent that still wait for their upload. Only for a spool that was opened again. */
    List<Event.Artifact> waiting() {
        return List.copyOf(waiting);
    }

    /** Whether the run's end is in the journal. For a spool that was opened again: otherwise its process died. */
    boolean isFinished() {
        return lastEvent instanceof Event.Finish;
    }

    /** The latest time in the journal, in ms since 1970. */
    long lastTime() {
        return lastTime;
    }

    /** Remembers how far sending has come; replaces the file as a whole. */
    void save(Sent newSent) throws IOException {
        sent = newSent;
        Path temporary = folder.resolve("sent.json.part");
        MAPPER.writeValue(temporary.toFile(), newSent);
        Files.move(
                temporary,
                folder.resolve("sent.json"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /** Where files wait for their upload. */
    Path artifacts() {
        return folder.resolve("artifacts");
    }

    /** A name for the next waiting file. */
    synchronized String nextArtifact() {
        artifactNumber++;
        return String.format("%06d", artifactNumber);
    }

    /** Removes everything: the server has it. */
    void delete() throws IOException {
        close();
        try (Stream<Path> tree = Files.walk(folder)) {
            tree.sorted(Comparator.reverseOrder()).forEach(path -> {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    @Override
    public void close() throws IOException {
        journal.close();
        lockFile.close();
        OPEN_HERE.remove(folder);
    }
}
