package dev.switchlab.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.LongStream;

/** Main memory in bytes, as Linux reports it; empty on other systems. */
public final class Memory {

    private static final Path MACHINE = Path.of("/proc/meminfo");

    private Memory() {}

    /**
     * What this process could still take: what is available on this machine, which is more than is free because caches
     * shrink, or less if the limit of a control group (a container, a job of Slurm) leaves less.
     */
    public static OptionalLong available() {
        return available(Path.of("/"));
    }

    static OptionalLong available(Path root) {
        LongStream machine = kilobytes(root.resolve("proc/meminfo"), "MemAvailable:").stream();
        LongStream.Builder groups = LongStream.builder();
        for (String line : lines(root.resolve("proc/self/cgroup"))) {
            String[] group = line.split(":", 3); // number, controllers, path
            boolean unified = group.length == 3 && group[1].isEmpty();
            if (unified || (group.length == 3 && ("," + group[1] + ",").contains(",memory,"))) {
                Path mount = root.resolve(unified ? "sys/fs/cgroup" : "sys/fs/cgroup/memory");
                Path folder = mount.resolve(group[2].substring(1)).normalize();
                // A group is bound by the limits of those above, too; a container may see only some of them.
                for (; folder.startsWith(mount); folder = folder.getParent()) {
                    left(folder, unified).ifPresent(groups::add);
                }
            }
        }
        return LongStream.concat(machine, groups.build()).min();
    }

    /** The limit of a control group less what it uses; cached files count as unused. */
    private static OptionalLong left(Path group, boolean unified) {
        OptionalLong limit = field(group.resolve(unified ? "memory.max" : "memory.limit_in_bytes"), "");
        OptionalLong used = field(group.resolve(unified ? "memory.current" : "memory.usage_in_bytes"), "");
        OptionalLong cached = field(group.resolve("memory.stat"), unified ? "inactive_file " : "total_inactive_file ");
        return limit.isPresent() && used.isPresent()
                ? OptionalLong.of(limit.getAsLong() - used.getAsLong() + cached.orElse(0))
                : OptionalLong.empty();
    }

    /** All memory of this machine. */
    public static OptionalLong total() {
        return kilobytes(MACHINE, "MemTotal:");
    }

    /** What a process has in use; empty if it has ended. */
    public static OptionalLong ofProcess(long pid) {
        return kilobytes(Path.of("/proc", Long.toString(pid), "status"), "VmRSS:");
    }

    /** The most that a process has had in use so far; empty if it has ended. */
    public static OptionalLong peakOfProcess(long pid) {
        return kilobytes(Path.of("/proc", Long.toString(pid), "status"), "VmHWM:");
    }

    private static OptionalLong kilobytes(Path file, String name) {
        OptionalLong field = field(file, name);
        return field.isPresent() ? OptionalLong.of(1024 * field.getAsLong()) : field;
    }

    /** The number in the first line that begins with {@code name}; empty if the line has none. */
    private static OptionalLong field(Path file, String name) {
        return lines(file).stream()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(name.length()).replaceAll("\\D", ""))
                .filter(digits -> digits.matches("\\d{1,18}")) // longer: no limit
                .mapToLong(Long::parseLong)
                .findFirst();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of();
        }
    }
}
