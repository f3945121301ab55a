package dev.switchlab.runs.db;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.sqlite.BusyHandler;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * The SQLite file, shared with other processes: one writing connection and one reading connection.
 *
 * <p>Write-ahead logging lets readers continue while one process writes. Every write transaction starts with
 * {@code BEGIN IMMEDIATE}, so it waits for the lock at its start, where SQLite's busy handler applies, and never fails
 * halfway with SQLITE_BUSY. With {@code synchronous=NORMAL} a commit survives a killed process; a power failure may
 * lose the last commits but leaves the file sound.
 */
public final class Database implements AutoCloseable {
    /** Work inside one transaction; an exception rolls it back. */
    public interface Work<T> {
        T run(Session session) throws SQLException, IOException;
    }

    /** Work inside one transaction that has no result. */
    public interface Change {
        void run(Session session) throws SQLException, IOException;
    }

    /**
     * Pages (4 KiB) in the write-ahead log before a checkpoint. Each step rewrites the same pages, so fewer checkpoints
     * copy less.
     */
    private static final int CHECKPOINT_PAGES = 16_000;

    private final Path file;
    /** Empty if this user may only read the file. */
    private final Optional<Session> writer;

    private final Session reader;
    private final ReentrantLock writerTurn = new ReentrantLock(true);
    private final ReentrantLock readerTurn = new ReentrantLock(true);

    private Database(Path file, Optional<Session> writer, Session reader) {
        this.file = file;
        this.writer = writer;
        this.reader = reader;
    }

    /**
     * Opens the book, creating it when absent; only for reading where this user must not write it.
     *
     * @param notices takes a line if another process locks the file for long
     * @throws IOException if the file is not an MLflow store that can be written
     */
    public static Database open(Path file, Consumer<String> notices) throws IOException {
        try {
            if (Files.exists(file) && !(Files.isWritable(file) && Files.isWritable(file.getParent()))) {
                return readOnly(file, notices);
            }
            Files.createDirectories(file.toAbsolutePath().getParent());
            LockWait wait = new LockWait(file, notices);
            for (int attempt = 0; ; attempt++) {
                try {
                    Session writer = openWriter(file, notices);
                    Session reader = connect(file, notices);
                    reader.execute("PRAGMA query_only = ON");
                    return new Database(file, Optional.of(writer), reader);
                } catch (SQLException e) {
                    // Another process may be creating the file or switching it to WAL: no busy handler waits for that.
                    if (!isBusy(e) || wait.callback(attempt) == 0) {
                        throw e;
                    }
                }
            }
        } catch (SQLException | IOException e) {
            throw new IOException("cannot open the book " + file + ": " + firstLine(e), e);
        }
    }

    /** Opens a book in a folder that this user must not write, where SQLite cannot make its files beside it. */
    public static Database readOnly(Path file, Consumer<String> notices) throws SQLException, IOException {
        SQLiteConfig config = new SQLiteConfig();
        config.setReadOnly(true);
        String uri = "jdbc:sqlite:" + file.toAbsolutePath().toUri().toString().replaceFirst("^file:/+", "file:/");
        try {
            return readOnly(file, new Session(config.createConnection(uri)), notices);
        } catch (SQLException e) {
            // Nobody has the book open, or else there would be a shared index beside it: the file alone is whole.
            return readOnly(file, new Session(config.createConnection(uri + "?immutable=1")), notices);
        }
    }

    private static Database readOnly(Path file, Session reader, Consumer<String> notices)
            throws SQLException, IOException {
        try {
            BusyHandler.setHandler(reader.connection(), new LockWait(file, notices));
            Schema.checkRevision(reader);
            return new Database(file, Optional.empty(), reader);
        } catch (SQLException | IOException e) {
            reader.close();
            throw e;
        }
    }

    /** Whether nothing can be written. */
    public boolean isReadOnly() {
        return writer.isEmpty();
    }

    private Session writer() throws IOException {
        return writer.orElseThrow(() -> new IOException(
                "it can only be read: " + file.getParent() + " is not writable; take another runs folder to write"));
    }

    /**
     * Runs {@code work} in a write transaction; transactions of this process run one at a time, in order of arrival.
     */
    public <T> T write(Work<T> work) throws SQLException, IOException {
        writerTurn.lock();
        try {
            return transaction(writer(), "BEGIN IMMEDIATE", work);
        } finally {
            writerTurn.unlock();
        }
    }

    /**
     * Forces committed data to the disk, so that it survives a power failure. A killed process loses no commits in any
     * case.
     */
    public void force() throws SQLException {
        writerTurn.lock();
        try {
            if (writer.isPresent()) {
                writer.get().list("PRAGMA wal_checkpoint(PASSIVE)", row -> row.getInt(1));
            }
        } finally {
            writerTurn.unlock();
        }
    }

    /** Runs {@code work} on one snapshot of the book; one at a time in this process, never nested. */
    public <T> T read(Work<T> work) throws SQLException, IOException {
        readerTurn.lock();
        try {
            return transaction(reader, "BEGIN", work);
        } finally {
            readerTurn.unlock();
        }
    }

    /** SQLite's integrity check of the whole file; empty if it is sound. */
    public Optional<String> damage() {
        try {
            return read(session -> session.first("PRAGMA quick_check(1)", row -> row.getString(1)))
                    .map(verdict -> verdict.lines().reduce((a, b) -> b).orElse(""))
                    .filter(verdict -> !verdict.equals("ok"));
        } catch (SQLException | IOException e) {
            return Optional.of(firstLine(e));
        }
    }

    /** Whether another process held the lock for too long. */
    private static boolean isBusy(SQLException e) {
        if (!(e instanceof SQLiteException sqlite)) {
            return false;
        }
        int primary = sqlite.getResultCode().code & 0xff;
        return primary == SQLiteErrorCode.SQLITE_BUSY.code || primary == SQLiteErrorCode.SQLITE_LOCKED.code;
    }

    private static <T> T transaction(Session session, String begin, Work<T> work) throws SQLException, IOException {
        session.update(begin);
        T result;
        try {
            result = work.run(session);
            session.update("COMMIT");
        } catch (SQLException | IOException | RuntimeException | Error e) {
            try {
                session.update("ROLLBACK");
            } catch (SQLException alreadyRolledBack) {
                // SQLite itself rolls back after some failures, such as a full disk.
                e.addSuppressed(alreadyRolledBack);
            }
            throw e;
        }
        return result;
    }

    private static Session openWriter(Path file, Consumer<String> notices) throws SQLException, IOException {
        Session session = connect(file, notices);
        try {
            // Refuse a foreign file before changing anything in it, such as its journal mode.
            Schema.checkRevision(session);
            if (!"wal"
                    .equals(session.first("PRAGMA journal_mode", row -> row.getString(1))
                            .orElse(""))) {
                session.execute("PRAGMA journal_mode = WAL");
            }
            session.execute("PRAGMA synchronous = NORMAL");
            session.execute("PRAGMA wal_autocheckpoint = " + CHECKPOINT_PAGES);
            session.execute("PRAGMA cache_size = -32768");
            session.execute("PRAGMA foreign_keys = ON");
            transaction(session, "BEGIN IMMEDIATE", s -> {
                Schema.createIfAbsent(s);
                return null;
            });
            return session;
        } catch (SQLException | IOException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    private static Session connect(Path file, Consumer<String> notices) throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        // The driver would otherwise prepare and run another query after every single INSERT.
        config.setGetGeneratedKeys(false);
        Session session = new Session(config.createConnection("jdbc:sqlite:" + file.toAbsolutePath()));
        BusyHandler.setHandler(session.connection(), new LockWait(file, notices));
        return session;
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /** Closes all connections. No other call may be running. */
    @Override
    public void close() throws SQLException {
        reader.close();
        if (writer.isPresent()) {
            writer.get().close();
        }
    }
}
