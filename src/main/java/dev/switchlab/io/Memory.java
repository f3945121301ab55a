package dev.switchlab.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** Main memory in bytes, as Linux reports it; empty on other systems. */
public final class Memory {

    private static final Path MACHINE = Path.of("/proc/meminfo");

    private Memory() {}

    /** What programs could still take on this machine; more than is free, because caches shrink. */
    public static OptionalLong available() {
        return field(MACHINE, "MemAvailable:");
    }

    /** All memory of this machine. */
    public static OptionalLong total() {
        return field(MACHINE, "MemTotal:");
    }

    /** What a process has in use; empty if it has ended. */
    public static OptionalLong ofProcess(long pid) {
        return field(Path.of("/proc", Long.toString(pid), "status"), "VmRSS:");
    }

    /** The most that a process has had in use so far; empty if it has ended. */
    public static OptionalLong peakOfProcess(long pid) {
        return field(Path.of("/proc", Long.toString(pid), "status"), "VmHWM:");
    }

    private static OptionalLong field(Path file, String name) {
        try {
            List<String> lines = Files.readAllLines(file);
            return lines.stream()
                    .filter(line -> line.startsWith(name))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst();
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}
