package dev.switchlab.experiment;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads experiments.
 *
 * <p>A setting's value is the first that somebody gave, in this order: overrides; the file; the file it
 * {@code extends}, and so on; the defaults of its optimizer (Noam only); the defaults of its {@link Semantics}.
 * Everything that is wrong is one {@link ExperimentException} with a one-line message.
 */
public final class ExperimentLoader {
    private ExperimentLoader() {}

    /**
     * Reads an experiment file.
     *
     * @param idOrPath an id, for {@code <id>.yaml} in the experiments folder, or the path of a {@code .yaml} file
     * @param overrides assignments as in {@code "model.n_experts=8 train.steps=500"}; each string may hold several
     * @param experimentsFolder where ids are looked up
     */
    public static Experiment load(String idOrPath, List<String> overrides, Path experimentsFolder) {
        return resolve(new ExperimentFiles(experimentsFolder).read(idOrPath), overrides);
    }

    /**
     * Reads the text of an experiment, as {@link Experiment#toYaml} wrote it.
     *
     * @param source what the messages call the text, for example the run it is stored with
     */
    public static Experiment parse(String yaml, String source, List<String> overrides) {
        Map<String, Setting> settings = YamlReader.read(yaml, source);
        if (settings.containsKey(ExperimentFiles.EXTENDS)) {
            throw new ExperimentException(
                    ExperimentFiles.EXTENDS,
                    settings.get(ExperimentFiles.EXTENDS).place()
                            + ": extends is only for files; a stored experiment is resolved");
        }
        return resolve(settings, overrides);
    }

    /** {@link #parse(String, String, List)} without overrides. */
    public static Experiment parse(String yaml, String source) {
        return parse(yaml, source, List.of());
    }

    /** What overrides change, as they were written: key to value, in order. */
    public static Map<String, String> changes(List<String> overrides) {
        Map<String, String> changes = new LinkedHashMap<>();
        Overrides.parse(overrides)
                .forEach((key, setting) -> changes.put(key, setting.text() == null ? "" : setting.text()));
        return changes;
    }

    /**
     * Changes as {@link #changes} reads them, sorted by key: {@code "model.n_experts=2 train.z_loss=0"}; empty for
     * none.
     */
    public static String text(Map<String, String> changes) {
        return Overrides.write(changes);
    }

    /** The experiments of a folder, sorted by id. */
    public static List<ExperimentSummary> list(Path experimentsFolder) {
        return new ExperimentFiles(experimentsFolder).list();
    }

    static Experiment preset(Semantics semantics, List<String> overrides) {
        String name = Names.of(semantics);
        Map<String, Setting> settings = new LinkedHashMap<>();
        settings.put("id", new Setting(name, "preset"));
        settings.put("semantics", new Setting(name, "preset"));
        return resolve(settings, overrides, Set.of("id", "semantics"));
    }

    static Experiment change(Experiment experiment, List<String> overrides) {
        Map<String, Setting> settings = new LinkedHashMap<>();
        ExperimentYaml.flat(experiment)
                .forEach((key, text) -> settings.put(key, new Setting(text, "experiment " + experiment.id())));
        ModelConfig model = experiment.model();
        if (experiment.semantics() == Semantics.REFERENCE && model.capacityFactor() == model.evalCapacityFactor()) {
            settings.remove("model.eval_capacity_factor");
        }
        if (model.expertDropout() == model.dropout()) {
            settings.remove("model.expert_dropout");
        }
        return resolve(settings, overrides, Set.of("id", "semantics"));
    }

    private static Experiment resolve(Map<String, Setting> settings, List<String> overrides) {
        return resolve(settings, overrides, Set.of("id"));
    }

    private static Experiment resolve(Map<String, Setting> settings, List<String> overrides, Set<String> fixed) {
        Map<String, Setting> given = new LinkedHashMap<>(settings);
        Map<String, Setting> overriding = Overrides.parse(overrides);
        overriding.forEach((key, setting) -> {
            if (fixed.contains(key)) {
                throw new ExperimentException(
                        key, setting.place() + ": " + key + " cannot be changed here; " + whyFixed(key));
            }
        });
        given.putAll(overriding);
        SettingTypes.checkKeys(given);
        return ExperimentYaml.bind(Presets.complete(given));
    }

    private static String whyFixed(String key) {
        return key.equals("id")
                ? "an experiment is called like its file, so copy the file"
                : "it chooses the defaults, which are resolved already";
    }
}
