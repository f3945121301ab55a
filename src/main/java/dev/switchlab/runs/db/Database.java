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
 * <p>Write-ahead logging lets readers go on while one process writes. Every write transaction starts with {@code BEGIN
 * IMMEDIATE}, so it waits for its turn at the start, where SQLite's busy handler can wait, and never fails in the
 * middle with SQLITE_BUSY. With {@code synchronous=NORMAL} a commit survives a killed process; a power cut may take the
 * last commits but leaves the file sound.
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
     * Pages (4 KiB) in the log before it is copied back: each step rewrites the same pages, so a longer log copies
     * less.
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
     * @throws IOException in one line, if the file is not an MLflow store that can be written here
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

    /** Runs {@code work} in a write transaction. One at a time in this process, in order of arrival. */
    public <T> T write(Work<T> work) throws SQLException, IOException {
        writerTurn.lock();
        try {
            return transaction(writer, "BEGIN IMMEDIATE", work);
        } finally {
            writerTurn.unlock();
        }
    }

    /**
     * Forces what was committed to the disk; without it a power cut, but no killed process, may take the last commits.
     */
    public void force() throws SQLException {
        writerTurn.lock();
        try {
            writer.list("PRAGMA wal_checkpoint(PASSIVE)", row -> row.getInt(1));
        } finally {
            writerTurn.unlock();
        }
    }

    /** Runs {@code work} on one snapshot of the book. One at a time in this process; not within another read. */
    public <T> T read(Work<T> work) throws SQLException, IOException {
        readerTurn.lock();
        try {
            return transaction(reader, "BEGIN", work);
        } finally {
            readerTurn.unlock();
        }
    }

    /** What is wrong with the file as SQLite sees it; empty if it is sound. Reads all of it. */
    public Optional<String> damage() {
        try {
            return read(session -> session.first("PRAGMA quick_check(1)", row -> row.getString(1)))
                    .map(verdict -> verdict.lines().reduce((a, b) -> b).orElse(""))
                    .filter(verdict -> !verdict.equals("ok"));
        } catch (SQLException | IOException e) {
            return Optional.of(firstLine(e));
        }
    }

    /** Whether the book could not get its turn because of other processes. */
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
                // SQLite rolls back by itself on some failures, a full disk for one.
                e.addSuppressed(alreadyRolledBack);
            }
            throw e;
        }
        return result;
    }

    private static Session openWriter(Path file) throws SQLException, IOException {
        Session session = connect(file);
        try {
            // Refuse a foreign file before anything in it changes, its journal mode included.
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

    /** Closes all connections; call it when no other call is under way. */
    @Override
    public void close() throws SQLException {
        reader.close();
        writer.close();
    }
}
