package dev.switchlab.runs;

import dev.switchlab.io.WholeFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The files of one run, in {@code mlartifacts/}. Files are replaced atomically, so a reader never sees part of one.
 *
 * @param root the run's folder; created with its first file
 */
public record ArtifactFolder(Path root) {
    /** Prefix of the URIs of artifacts that an MLflow server serves itself. */
    public static final String PROXIED = "mlflow-artifacts:/";

    /**
     * The folder that an artifact URI names.
     *
     * @param artifacts the folder of all runs
     * @param uri such as {@code mlflow-artifacts:/1/<run>/artifacts}
     * @throws BookException if the URI has another scheme or leads out of {@code artifacts}
     */
    static ArtifactFolder of(Path artifacts, String runId, String uri) {
        if (isProxied(uri)) {
            Path root = artifacts.resolve(uri.substring(PROXIED.length())).normalize();
            if (root.startsWith(artifacts) && !root.equals(artifacts)) {
                return new ArtifactFolder(root);
            }
        }
        throw new BookException("run " + runId + ": its artifacts are at " + uri + ", not in " + artifacts);
    }

    /** Whether the server itself serves the artifacts, from its {@code mlartifacts/}. */
    public static boolean isProxied(String uri) {
        return uri.startsWith(PROXIED) && !uri.startsWith(PROXIED + "/");
    }

    /** Paths of all files, in order; without links. */
    public List<String> list() {
        return paths(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && !WholeFile.isUnfinished(file));
    }

    /** Paths of symbolic links. They are not listed, since a copy of them would be of a file outside of the run. */
    List<String> links() {
        return paths(Files::isSymbolicLink);
    }

    private List<String> paths(Predicate<Path> wanted) {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(wanted)
                    .map(file -> root.relativize(file).toString().replace('\\', '/'))
                    .sorted()
                    .toList();
        } catch (IOException | UncheckedIOException e) {
            throw new BookException("cannot read " + root + ": " + e.getMessage(), e);
        }
    }

    /**
     * The file at a path.
     *
     * @param path such as {@code weights.safetensors}
     * @throws BookException if there is no such file, or if the path leads out of the run's folder
     */
    public Path file(String path) {
        Path file = resolve(path);
        if (!Files.isRegularFile(file)) {
            throw new BookException("there is no artifact '" + path + "' in " + root);
        }
        return file;
    }

    /** Writes bytes to a path, replacing an earlier file. */
    void write(String path, byte[] bytes) {
        keep(path, "the contents", part -> Files.write(part, bytes));
    }

    /** Copies a file to a path, replacing an earlier file. The original may be changed or deleted afterwards. */
    void copy(String path, Path file) {
        keep(path, file.toString(), part -> Files.copy(file, part));
    }

    private void keep(String path, String what, WholeFile.Contents<IOException> contents) {
        try {
            WholeFile.write(resolve(path), contents);
        } catch (IOException e) {
            throw new BookException("artifact '" + path + "': cannot keep " + what + ": " + e.getMessage(), e);
        }
    }

    /** Resolves a path, after a check that it stays inside the folder. */
    public Path resolve(String path) {
        Keys.checkArtifactPath(path);
        return root.resolve(path);
    }

    /** Warns if a runs folder without a database has files: they are found through the database and look lost. */
    static void warnOfRuns(Path folder, Consumer<String> notices) {
        try (Stream<Path> files = Files.find(folder.resolve("mlartifacts"), 2, (path, file) -> file.isDirectory())) {
            long runs = files.filter(path -> Keys.isRunId(path.getFileName().toString()))
                    .count();
            if (runs > 0) {
                notices.accept(
                        folder.resolve("mlflow.db") + " is missing, but mlartifacts beside it has files of " + runs
                                + " run(s): a new, empty book begins, which does not list these runs; to see them, put their"
                                + " mlflow.db back");
            }
        } catch (IOException | UncheckedIOException e) {
            return; // there is no such folder
        }
    }
}
