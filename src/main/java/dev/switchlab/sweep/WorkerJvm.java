package dev.switchlab.sweep;

import ai.djl.util.Utils;
import dev.switchlab.io.Sha256;
import dev.switchlab.io.WholeFile;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Command line of the JVM of a worker, for a fast start. Folders of the class path are packed into jars, which a later
 * build does not change. The first worker that ends leaves an archive of its classes (class data sharing), which later
 * ones map into memory. Both are cached beside the engine's files, per class path and JDK.
 */
public final class WorkerJvm {

    private static final String FOLDER = "switchlab-start";
    private static final String ARCHIVE = "classes.jsa";

    /** The sweep of a build that started a worker lately may still continue. */
    private static final Duration KEPT = Duration.ofDays(3);

    /** A worker spends its time in native code: optimizing Java and collecting in parallel cost more than they gain. */
    private static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

    /** The plan has the settings; these variables would make each run another. */
    private static final List<String> NOT_INHERITED = List.of("MLFLOW_RUN_ID");

    private static final String OWN_PREFIX = "SWITCHLAB_";
    private static final List<String> OWN_INHERITED = List.of("SWITCHLAB_CACHE", "SWITCHLAB_DEBUG");

    private final Path folder;
    private final String classPath;
    private final String main;

    private WorkerJvm(Path folder, String classPath, String main) {
        this.folder = folder;
        this.classPath = classPath;
        this.main = main;
    }

    /** For the class path of this process and a main class. */
    public static WorkerJvm of(String main) throws IOException {
        return of(
                main, System.getProperty("java.class.path"), Utils.getCacheDir().resolve(FOLDER));
    }

    static WorkerJvm of(String main, String classPath, Path cache) throws IOException {
        List<Path> entries = Stream.of(classPath.split(File.pathSeparator, -1))
                .filter(entry -> !entry.isEmpty())
                .map(entry -> Path.of(entry).toAbsolutePath().normalize())
                .toList();
        Path folder = Files.createDirectories(cache.resolve(digest(entries)));
        touch(folder);
        List<String> packed = new ArrayList<>();
        for (Path entry : entries) {
            if (!Files.isDirectory(entry)) {
                packed.add(entry.toString());
                continue;
            }
            Path jar = folder.resolve("classes-" + packed.size() + ".jar");
            if (!Files.exists(jar)) {
                WholeFile.<IOException>write(jar, part -> pack(entry, part));
            }
            packed.add(jar.toString());
        }
        deleteOldBuilds(cache);
        return new WorkerJvm(folder, String.join(File.pathSeparator, packed), main);
    }

    private static String digest(List<Path> classPath) throws IOException {
        StringBuilder text = new StringBuilder(System.getProperty("java.vm.version"));
        for (Path entry : classPath) {
            for (Path file : files(entry)) {
                text.append('\n').append(file);
                text.append(' ').append(Files.size(file));
                text.append(' ').append(Files.getLastModifiedTime(file));
            }
        }
        return Sha256.of(text.toString()).substring(0, 16);
    }

    private static void pack(Path folder, Path jar) throws IOException {
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setLevel(Deflater.NO_COMPRESSION);
            for (Path file : files(folder)) {
                zip.putNextEntry(new ZipEntry(folder.relativize(file).toString().replace(File.separatorChar, '/')));
                Files.copy(file, zip);
                zip.closeEntry();
            }
        }
    }

    /** All files below a path, sorted; the path itself if it is a file; none if it does not exist. */
    private static List<Path> files(Path path) throws IOException {
        if (!Files.exists(path)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(path)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static void deleteOldBuilds(Path cache) throws IOException {
        FileTime kept = FileTime.from(Instant.now().minus(KEPT));
        try (Stream<Path> builds = Files.list(cache)) {
            List<Path> old = builds.filter(Files::isDirectory)
                    .filter(build -> lastUsed(build).compareTo(kept) < 0)
                    .toList();
            for (Path build : old) {
                for (Path file : files(build)) {
                    Files.deleteIfExists(file);
                }
                Files.deleteIfExists(build);
            }
        } catch (UncheckedIOException | NoSuchFileException e) {
            return; // another process deletes them, too
        }
    }

    private static void touch(Path build) throws IOException {
        Files.setLastModifiedTime(build, FileTime.from(Instant.now()));
    }

    private static FileTime lastUsed(Path build) {
        try {
            return Files.getLastModifiedTime(build);
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }

    private Path archive() {
        return folder.resolve(ARCHIVE);
    }

    /** Whether a worker has left an archive of its classes. */
    boolean hasArchive() {
        return Files.exists(archive());
    }

    /** Where the next worker may leave an archive, for {@link #keepArchive}. */
    Path newArchive() {
        return folder.resolve("." + ARCHIVE + "." + UUID.randomUUID() + ".part");
    }

    /**
     * Takes over what a worker left.
     *
     * @param isGood whether the worker ended well; else its archive is deleted
     */
    void keepArchive(Path left, boolean isGood) throws IOException {
        if (!isGood) {
            Files.deleteIfExists(left);
        } else if (Files.exists(left)) {
            Files.move(left, archive(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** The command line of a process: the JVM with the options of this one, then {@code arguments}. */
    public List<String> command(List<String> arguments) throws IOException {
        return command(Optional.empty(), arguments);
    }

    /** The command line of a process that leaves an archive, if a path is given, or else uses the one that exists. */
    List<String> command(Optional<Path> newArchive, List<String> arguments) throws IOException {
        touch(folder);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(QUICK);
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.matches("-(javaagent|agentlib|agentpath|XX:TieredStop|XX:.*Archive|Xlog).*"))
                .filter(option -> !QUICK.contains(option))
                .forEach(command::add);
        if (newArchive.isPresent()) {
            command.add("-XX:ArchiveClassesAtExit=" + newArchive.get());
        } else if (hasArchive()) {
            command.add("-XX:SharedArchiveFile=" + archive());
        }
        // A JVM ignores an archive that does not fit, silently with these options.
        command.addAll(List.of("-Xshare:auto", "-Xlog:disable", "-Xlog:all=error:stderr:"));
        command.addAll(List.of("-cp", classPath, main));
        command.addAll(arguments);
        return command;
    }

    /** A process for a command, in this environment without the variables that a worker must not see. */
    public static ProcessBuilder process(List<String> command) {
        ProcessBuilder process = new ProcessBuilder(command);
        Map<String, String> environment = process.environment();
        environment.keySet().removeAll(NOT_INHERITED);
        environment.keySet().removeIf(name -> name.startsWith(OWN_PREFIX) && !OWN_INHERITED.contains(name));
        return process;
    }
}
