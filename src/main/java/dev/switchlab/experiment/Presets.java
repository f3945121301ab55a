package dev.switchlab.experiment;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The values that settings have when an experiment file says nothing: resources beside this class, one per
 * {@link Semantics}.
 */
final class Presets {
    private static final Map<String, Setting> LATER = read("later");
    private static final Map<String, Setting> PAPER = overLater("paper");
    private static final Map<String, Setting> REFERENCE = overLater("reference");
    private static final Map<String, Setting> NOAM = read("noam");

    private Presets() {}

    /**
     * The given settings laid over the defaults of their semantics.
     *
     * @param given must name {@code semantics}
     */
    static Map<String, Setting> complete(Map<String, Setting> given) {
        Map<String, Setting> all = new LinkedHashMap<>(of(given));
        all.putAll(given);
        // The Noam schedule comes with its optimizer, and with it what a learning rate means: its defaults follow the
        // optimizer.
        if ("noam".equals(text(all, "train.optimizer"))) {
            all.putAll(NOAM);
            all.putAll(given);
        }
        // The reference knows one capacity factor, so there the evaluation follows the training unless it is told
        // otherwise; and dropout is the same everywhere unless it is told otherwise.
        all.computeIfAbsent("model.eval_capacity_factor", key -> all.get("model.capacity_factor"));
        all.computeIfAbsent("model.expert_dropout", key -> all.get("model.dropout"));
        return all;
    }

    private static Map<String, Setting> of(Map<String, Setting> given) {
        String semantics = text(given, "semantics");
        if (semantics == null) {
            throw new ExperimentException(
                    "semantics",
                    "semantics is missing; allowed: " + Names.list(Semantics.class) + "; example: semantics: paper");
        }
        // A wrong name is refused with the other types later; any preset carries it there.
        return semantics.equals("reference") ? REFERENCE : PAPER;
    }

    static Map<String, Setting> examples() {
        return PAPER;
    }

    /** The defaults of {@link LaterSettings}. */
    static Map<String, Setting> later() {
        return LATER;
    }

    private static Map<String, Setting> overLater(String name) {
        Map<String, Setting> all = new LinkedHashMap<>(LATER);
        all.putAll(read(name));
        return all;
    }

    private static String text(Map<String, Setting> settings, String key) {
        Setting setting = settings.get(key);
        return setting == null ? null : setting.text();
    }

    private static Map<String, Setting> read(String name) {
        try (InputStream in = Presets.class.getResourceAsStream("preset-" + name + ".yaml")) {
            if (in == null) {
                throw new IllegalStateException("resource preset-" + name + ".yaml is missing from the build");
            }
            String yaml = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return YamlReader.read(yaml, "the defaults of " + name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
