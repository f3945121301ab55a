package dev.switchlab.sweep;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Whether one more child fits into memory: what is available, less what those that run may still take, has to hold the
 * most that a child of its setting, or else any child, was seen to take. Where nothing is known, it fits.
 */
final class MemoryWatch {

    /** Room for what was not seen: the most memory is looked at now and then, not all the time. */
    private static final double MARGIN = 1.1;

    private final Supplier<OptionalLong> available;
    private final Map<String, Long> peaks = new HashMap<>();

    /** @param available bytes that programs could have */
    MemoryWatch(Supplier<OptionalLong> available) {
        this.available = available;
    }

    /**
     * A child was seen.
     *
     * @param setting its label
     * @param peak bytes, the most it had in use
     */
    void saw(String setting, OptionalLong peak) {
        peak.ifPresent(bytes -> peaks.merge(setting, bytes, Math::max));
    }

    /**
     * Whether another child fits.
     *
     * @param setting its label
     * @param running bytes in use by each child that runs, by its label
     */
    boolean fits(String setting, Iterable<Map.Entry<String, OptionalLong>> running) {
        OptionalLong free = available.get();
        if (free.isEmpty() || peaks.isEmpty()) {
            return true;
        }
        double promised = 0;
        for (Map.Entry<String, OptionalLong> child : running) {
            promised += Math.max(0, peak(child.getKey()) - child.getValue().orElse(0));
        }
        return free.getAsLong() - promised >= MARGIN * peak(setting);
    }

    private long peak(String setting) {
        return peaks.getOrDefault(
                setting,
                peaks.values().stream().mapToLong(Long::longValue).max().orElse(0));
    }
}
