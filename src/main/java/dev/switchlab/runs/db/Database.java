package dev.switchlab.runs.db;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
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

    private static final Duration BUSY_TIMEOUT = Duration.ofMinutes(2);
    /**
     * Pages (4 KiB) in the write-ahead log before a checkpoint. Each step rewrites the same pages, so fewer checkpoints
     * copy less.
     */
    private static final int CHECKPOINT_PAGES = 16_000;

    private final Session writer;
    private final Session reader;
    private final ReentrantLock writerTurn = new ReentrantLock(true);
    private final ReentrantLock readerTurn = new ReentrantLock(true);

    private Database(Session writer, Session reader) {
        this.writer = writer;
        this.reader = reader;
    }

    /**
     * Opens the book, creating it when absent.
     *
     * @throws IOException if the file is not an MLflow store that can be written
     */
    public static Database open(Path file) throws IOException {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            long deadline = System.nanoTime() + BUSY_TIMEOUT.toNanos();
            while (true) {
                try {
                    Session writer = openWriter(file);
                    Session reader = connect(file);
                    reader.execute("PRAGMA query_only = ON");
                    return new Database(writer, reader);
                } catch (SQLException e) {
                    // Another process may be creating the file or switching it to WAL: no busy handler waits for that.
                    if (!isBusy(e) || System.nanoTime() > deadline) {
                        throw e;
                    }
                    Uninterruptibles.sleepUninterruptibly(Duration.ofMillis(20));
                }
            }
        } catch (SQLException | IOException e) {
            throw new IOException("cannot open the book " + file + ": " + firstLine(e), e);
        }
    }

    /**
     * Runs {@code work} in a write transaction; transactions of this process run one at a time, in order of arrival.
     */
    public <T> T write(Work<T> work) throws SQLException, IOException {
        writerTurn.lock();
        try {
            return transaction(writer, "BEGIN IMMEDIATE", work);
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
            writer.list("PRAGMA wal_checkpoint(PASSIVE)", row -> row.getInt(1));
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

    private static Session openWriter(Path file) throws SQLException, IOException {
        Session session = connect(file);
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

    private static Session connect(Path file) throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        // The driver would otherwise prepare and run another query after every single INSERT.
        config.setGetGeneratedKeys(false);
        Session session = new Session(config.createConnection("jdbc:sqlite:" + file.toAbsolutePath()));
        session.execute("PRAGMA busy_timeout = " + BUSY_TIMEOUT.toMillis());
        return session;
    }

    private static String firstLine(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    /** Closes all connections. No other call may be running. */
    @Override
    public void close() throws SQLException {
        reader.close();
        writer.close();
    }
}
