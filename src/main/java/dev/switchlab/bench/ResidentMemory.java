package dev.switchlab.bench;

import dev.switchlab.io.Memory;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Main memory that a process holds, in MB (10^6 bytes).
 *
 * @param now at this moment
 * @param peak the most that it ever held
 */
public record ResidentMemory(double now, double peak) {

    /** Of this process; empty where the system does not tell (anything but Linux). */
    static Optional<ResidentMemory> read() {
        long pid = ProcessHandle.current().pid();
        OptionalLong now = Memory.ofProcess(pid);
        OptionalLong peak = Memory.peakOfProcess(pid);
        return now.isPresent() && peak.isPresent()
                ? Optional.of(new ResidentMemory(now.getAsLong() / 1e6, peak.getAsLong() / 1e6))
                : Optional.empty();
    }
}
