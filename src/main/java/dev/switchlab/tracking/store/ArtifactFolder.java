package dev.switchlab.tracking.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** The files below {@code mlartifacts/}. Follows no symbolic link out of it. */
final class ArtifactFolder {
    /** One entry of a listing; a folder has size 0. */
    record Entry(String name, boolean isFolder, long size) {}

    /** Uploads under way; beside the experiments' folders, so that a move into place is a rename. */
    private static final String UPLOADS = ".uploads";

    private static final Duration ABANDONED = Duration.ofDays(1);
    private static final int BUFFER_BYTES = 1 << 17;

    private final Path root;

    ArtifactFolder(Path root) {
        this.root = root;
    }

    /** The entries of a folder by name; none when it is absent or a file. */
    List<Entry> list(ArtifactPath path) throws IOException {
        Path folder = resolve(path);
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Entry> entries = new ArrayList<>();
        try (Stream<Path> children = Files.list(folder)) {
            for (Path child : (Iterable<Path>) children::iterator) {
                String name = child.getFileName().toString();
                if (!(path.isRoot() && name.equals(UPLOADS)) && isInside(child)) {
                    boolean isFolder = Files.isDirectory(child);
                    entries.add(new Entry(name, isFolder, isFolder ? 0 : Files.size(child)));
                }
            }
        }
        entries.sort(Comparator.comparing(Entry::name));
        return entries;
    }

    /** The file at {@code path}, ready to be read. */
    Path file(ArtifactPath path) throws IOException {
        Path file = path.isRoot() ? root : resolve(path);
        if (!Files.isRegularFile(file)) {
            throw missing(path);
        }
        return file;
    }

    /**
     * Stores a stream. It shows under its name only when it has come to its end.
     *
     * @param length announced size in bytes, -1 when unknown
     * @param limit largest size in bytes
     */
    void write(ArtifactPath path, InputStream body, long length, long limit) throws IOException {
        if (path.isRoot()) {
            throw ApiException.invalid("Invalid path");
        }
        checkSize(length, limit);
        Path target = resolve(path);
        if (Files.isDirectory(target)) {
            throw ApiException.invalid("Invalid path: '" + path + "' is a folder");
        }
        Path uploads = Files.createDirectories(root.resolve(UPLOADS));
        Path upload = uploads.resolve(UUID.randomUUID() + ".part");
        try {
            long written = copy(body, upload, limit);
            if (length >= 0 && written != length) {
                throw ApiException.invalid(
                        "The upload of '" + path + "' ended after " + written + " of " + length + " bytes");
            }
            createParents(path);
            // Again: the folders have come into being since, and one may have been made a link by another program.
            move(upload, resolve(path));
        } finally {
            Files.deleteIfExists(upload);
        }
    }

    /** Deletes a file, or a folder with all it holds. */
    void delete(ArtifactPath path) throws IOException {
        Path target = resolve(path);
        if (path.isRoot() || !Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            throw missing(path);
        }
        Files.walkFileTree(target, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Removes what killed processes left of their uploads. */
    void removeAbandonedUploads() throws IOException {
        Path uploads = root.resolve(UPLOADS);
        if (!Files.isDirectory(uploads, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Instant limit = Instant.now().minus(ABANDONED);
        try (Stream<Path> parts = Files.list(uploads)) {
            for (Path part : (Iterable<Path>) parts::iterator) {
                if (Files.getLastModifiedTime(part).toInstant().isBefore(limit)) {
                    Files.deleteIfExists(part);
                }
            }
        }
    }

    /** Removes the uploads' folder when no upload of this or another process is under way. */
    void removeUploads() throws IOException {
        try {
            Files.deleteIfExists(root.resolve(UPLOADS));
        } catch (DirectoryNotEmptyException stillInUse) {
            // Another process is uploading, or was killed while it did: both leave only a hidden file.
        }
    }

    private Path resolve(ArtifactPath path) throws IOException {
        if (!path.isRoot() && path.segments().get(0).equals(UPLOADS)) {
            throw ApiException.invalid("Invalid path");
        }
        Path resolved;
        try {
            resolved = root.resolve(path.toString());
        } catch (InvalidPathException e) {
            throw new ApiException(ErrorCode.INVALID_PARAMETER_VALUE, "Invalid path", e);
        }
        if (!isInside(resolved)) {
            throw ApiException.invalid("Invalid path");
        }
        return resolved;
    }

    /** Whether the path, or what exists of it, lies in the artifacts' folder once all links are followed. */
    private boolean isInside(Path path) throws IOException {
        if (!Files.exists(root)) {
            return path.normalize().startsWith(root);
        }
        Path existing = path;
        while (!Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
            existing = existing.getParent();
        }
        try {
            return existing.toRealPath().startsWith(root.toRealPath());
        } catch (NoSuchFileException danglingLink) {
            return false;
        }
    }

    private void createParents(ArtifactPath path) throws IOException {
        try {
            Files.createDirectories(resolve(path).getParent());
        } catch (FileAlreadyExistsException e) {
            throw new ApiException(
                    ErrorCode.INVALID_PARAMETER_VALUE, "Invalid path: a part of '" + path + "' is a file", e);
        }
    }

    private static long copy(InputStream body, Path file, long limit) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long written = 0;
        try (OutputStream out = Files.newOutputStream(file)) {
            int count;
            while ((count = body.read(buffer)) >= 0) {
                written += count;
                checkSize(written, limit);
                out.write(buffer, 0, count);
            }
        }
        return written;
    }

    private static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void checkSize(long bytes, long limit) {
        if (bytes > limit) {
            throw new ApiException(
                    ErrorCode.BAD_REQUEST, "The artifact is larger than the limit of " + limit + " bytes");
        }
    }

    private static ApiException missing(ArtifactPath path) {
        return ApiException.missing("No such artifact: '" + path + "'");
    }
}
