package dev.switchlab.experiment;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Settings that came after the first runs were recorded. What was recorded before names none of them and means the
 * values of {@link Setting#older}, at which a run is what it was before there was the setting.
 */
public final class LaterSettings {

    private LaterSettings() {}

    /**
     * A record of settings with what it lacks, so that it can be compared with one of today.
     *
     * @param params settings by dotted key, as {@link Experiment#toParams} gives them; anything else may stand among
     *     them
     */
    public static Map<String, String> complete(Map<String, String> params) {
        return complete(params, "");
    }

    /** Completes a record whose keys have a prefix. */
    public static Map<String, String> complete(Map<String, String> params, String prefix) {
        Map<String, String> all = new LinkedHashMap<>(params);
        Settings.older().forEach((key, text) -> all.putIfAbsent(prefix + key, text));
        return all;
    }

    /** A record of settings as it was before there were those that have no effect in it: the same today and then. */
    public static Map<String, String> timeless(Map<String, String> params) {
        Map<String, String> all = new LinkedHashMap<>(params);
        Settings.older().forEach(all::remove);
        return all;
    }
}
