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
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * How the process of a child is started, quickly: folders of the class path are packed into jars, which a build in the
 * meantime does not change, and the first child that ends leaves an archive of its classes as the JVM has them in
 * memory, which later ones map. Both are kept beside the engine's files, for one class path and one JDK.
 */
public final class ChildStart {

    private static final String FOLDER = "switchlab-start";
    private static final String ARCHIVE = "classes.jsa";
    /**
     * Of so many builds the newest files stay, and those of every build that started a child in so long: its sweep may
     * still go on.
     */
    private static final int BUILDS_KEPT = 3;

    private static final Duration KEPT = Duration.ofDays(3);
    /**
     * A child is short beside what its native steps take: compiling its Java for a long life, and collecting garbage in
     * parallel, would cost more than it gains.
     */
    private static final List<String> QUICK = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");
    /** Make's variables are in the plan; the others would make each child another's run. */
    private static final List<String> NOT_FOR_CHILDREN = List.of("MLFLOW_RUN_ID");

    private static final String OURS = "SWITCHLAB_";
    private static final List<String> OURS_FOR_CHILDREN = List.of("SWITCHLAB_CACHE", "SWITCHLAB_DEBUG");

    private final Path folder;
    private final String classPath;
    private final String main;

    private ChildStart(Path folder, String classPath, String main) {
        this.folder = folder;
        this.classPath = classPath;
        this.main = main;
    }

    /**
     * Gets the start ready.
     *
     * @param main the class of the command line
     */
    public static ChildStart of(String main) throws IOException {
        return of(
                main, System.getProperty("java.class.path"), Utils.getCacheDir().resolve(FOLDER));
    }

    /** The same for some class path and another place. */
    static ChildStart of(String main, String classPath, Path cache) throws IOException {
        List<Path> entries = Stream.of(classPath.split(File.pathSeparator, -1))
                .filter(entry -> !entry.isEmpty())
                .map(entry -> Path.of(entry).toAbsolutePath().normalize())
                .toList();
        Path folder = cache.resolve(identity(entries));
        Files.createDirectories(folder);
        touch(folder);
        List<String> packed = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            Path entry = entries.get(i);
            Path jar = folder.resolve("classes-" + i + ".jar");
            boolean packs = Files.isDirectory(entry);
            if (packs && !Files.exists(jar)) {
                WholeFile.<IOException>write(jar, part -> pack(entry, part));
            }
            packed.add((packs ? jar : entry).toString());
        }
        deleteOldest(cache);
        return new ChildStart(folder, String.join(File.pathSeparator, packed), main);
    }

    /** Of a class path as it is now: names, sizes and times of its files. */
    private static String identity(List<Path> entries) throws IOException {
        StringBuilder all = new StringBuilder(System.getProperty("java.vm.version"));
        for (Path entry : entries) {
            try (Stream<Path> files = Files.exists(entry) ? Files.walk(entry) : Stream.of()) {
                for (Path file :
                        new TreeSet<>(files.filter(Files::isRegularFile).toList())) {
                    all.append('\n')
                            .append(file)
                            .append(' ')
                            .append(Files.size(file))
                            .append(' ')
                            .append(Files.getLastModifiedTime(file));
                }
            }
        }
        return Sha256.of(all.toString()).substring(0, 16);
    }

    private static void pack(Path folder, Path jar) throws IOException {
        try (Stream<Path> files = Files.walk(folder);
                OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.setLevel(Deflater.NO_COMPRESSION);
            for (Path file : new TreeSet<>(files.filter(Files::isRegularFile).toList())) {
                zip.putNextEntry(new ZipEntry(folder.relativize(file).toString().replace(File.separatorChar, '/')));
                Files.copy(file, zip);
                zip.closeEntry();
            }
        }
    }

    private static void touch(Path build) throws IOException {
        Files.setLastModifiedTime(build, FileTime.from(Instant.now()));
    }

    private static void deleteOldest(Path cache) throws IOException {
        FileTime kept = FileTime.from(Instant.now().minus(KEPT));
        try (Stream<Path> builds = Files.list(cache)) {
            List<Path> old = builds.filter(Files::isDirectory)
                    .sorted(Comparator.comparing(ChildStart::lastUsed).reversed())
                    .skip(BUILDS_KEPT)
                    .filter(build -> lastUsed(build).compareTo(kept) < 0)
                    .toList();
            for (Path build : old) {
                try (Stream<Path> files = Files.list(build)) {
                    for (Path file : files.toList()) {
                        Files.deleteIfExists(file);
                    }
                }
                Files.deleteIfExists(build);
            }
        } catch (UncheckedIOException | java.nio.file.NoSuchFileException e) {
            return; // another process tidies up, too
        }
    }

    private static FileTime lastUsed(Path build) {
        try {
            return Files.getLastModifiedTime(build);
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }

    /** Where the next process may leave an archive of its classes; it is taken over by {@link #keepArchive}. */
    Path newArchive() {
        return folder.resolve("." + ARCHIVE + "." + UUID.randomUUID() + ".part");
    }

    /** Whether there is an archive of classes already. */
    boolean hasArchive() {
        return Files.exists(folder.resolve(ARCHIVE));
    }

    /** Takes over what a process left that ended well; nothing where it could not. */
    void keepArchive(Path left) throws IOException {
        if (Files.exists(left)) {
            Files.move(
                    left, folder.resolve(ARCHIVE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** The command line of a process: the JVM with the options of this one, then {@code arguments}. */
    public List<String> command(List<String> arguments) throws IOException {
        return command(
                hasArchive() ? List.of("-XX:SharedArchiveFile=" + folder.resolve(ARCHIVE)) : List.of(), arguments);
    }

    /** The same for one that leaves an archive. */
    List<String> commandLeaving(Path archive, List<String> arguments) throws IOException {
        return command(List.of("-XX:ArchiveClassesAtExit=" + archive), arguments);
    }

    private List<String> command(List<String> sharing, List<String> arguments) throws IOException {
        touch(folder);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(QUICK);
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> !option.matches("-(javaagent|agentlib|agentpath|XX:TieredStop|XX:.*Archive|Xlog).*"))
                .filter(option -> !QUICK.contains(option))
                .forEach(command::add);
        command.addAll(sharing);
        command.add("-Xshare:auto");
        // An archive that does not fit is not used, which costs time alone.
        command.add("-Xlog:disable");
        command.add("-Xlog:all=error:stderr:");
        command.add("-cp");
        command.add(classPath);
        command.add(main);
        command.addAll(arguments);
        return command;
    }

    /** A process that is to be started with this command, in this environment less what is not for children. */
    public static ProcessBuilder process(List<String> command) {
        ProcessBuilder process = new ProcessBuilder(command);
        Map<String, String> environment = process.environment();
        environment.keySet().removeAll(NOT_FOR_CHILDREN);
        environment.keySet().removeIf(name -> name.startsWith(OURS) && !OURS_FOR_CHILDREN.contains(name));
        return process;
    }
}
