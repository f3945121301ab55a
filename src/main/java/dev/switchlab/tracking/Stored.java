package dev.switchlab.tracking;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Points that the server has from before a run was resumed. A run that died after its last checkpoint takes the steps since then again;
 * their points are not to be stored twice.
 *
 * @param later for each metric, its stored steps after the checkpoint's
 * @param nextSystemStep where the count of system metric samples goes on
 */
record Stored(Map<String, Set<Long>> later, long nextSystemStep) {
    static final Stored NOTHING = new Stored(Map.of(), 0);

    /** The metrics without those that are stored at this step. */
    Map<String, Double> without(long step, Map<String, Double> metrics) {
        Map<String, Double> fresh = new HashMap<>(metrics);
        if (!later.isEmpty()) {
            fresh.keySet().removeIf(key -> later.getOrDefault(key, Set.of()).contains(step));
        }
        return fresh;
    }
}
