package dev.switchlab.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Between trees of settings and {@link Experiment} records, by Jackson. */
final class ExperimentYaml {
    /** Not settings: they name and describe the experiment. */
    private static final Set<String> NOT_PARAMS = Set.of("id", "about", "expect");

    private static final ObjectMapper MAPPER = YAMLMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.LITERAL_BLOCK_STYLE)
            .build();

    private ExperimentYaml() {}

    /** Builds the records; what they refuse is thrown with the place where the refused setting was written. */
    static Experiment bind(Map<String, Setting> settings) {
        ObjectNode tree = SettingTypes.tree(settings, Presets.examples());
        try {
            return MAPPER.treeToValue(tree, Experiment.class);
        } catch (ValueInstantiationException e) {
            if (e.getCause() instanceof ExperimentException refused) {
                throw refused.key()
                        .map(settings::get)
                        .map(setting -> refused.at(setting.place()))
                        .orElse(refused);
            }
            throw new IllegalStateException("experiment records and schema disagree: " + e.getOriginalMessage(), e);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("experiment records and schema disagree: " + e.getOriginalMessage(), e);
        }
    }

    static String write(Experiment experiment) {
        try {
            return MAPPER.writeValueAsString(experiment);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("experiment cannot be written as YAML: " + e.getOriginalMessage(), e);
        }
    }

    static Map<String, String> params(Experiment experiment) {
        Map<String, String> params = flat(experiment);
        params.keySet().removeAll(NOT_PARAMS);
        return params;
    }

    /** Every setting by dotted key, in file order. */
    static Map<String, String> flat(Experiment experiment) {
        Map<String, String> flat = new LinkedHashMap<>();
        JsonNode tree = MAPPER.valueToTree(experiment);
        tree.properties().forEach(entry -> {
            if (entry.getValue().isObject()) {
                entry.getValue()
                        .properties()
                        .forEach(inner -> flat.put(
                                entry.getKey() + "." + inner.getKey(),
                                inner.getValue().asText()));
            } else {
                flat.put(entry.getKey(), entry.getValue().asText());
            }
        });
        return flat;
    }
}
