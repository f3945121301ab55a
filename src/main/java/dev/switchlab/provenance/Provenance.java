package dev.switchlab.provenance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.EnumFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.io.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Origin and results of a run: enough to repeat the run, and to name what differs between two runs. Kept with each run
 * as the artifact {@value #ARTIFACT}.
 *
 * @param experiment the resolved experiment, as a tree of settings
 * @param command the command line
 * @param text the training text
 * @param origins trained models that training began with or learned from, by the setting that names them
 * @param environment environment variables that influence numeric libraries
 * @param promise what a run of the same experiment may expect
 * @param digests the results
 */
public record Provenance(
        JsonNode experiment,
        String command,
        Text text,
        SortedMap<String, Origin> origins,
        Source source,
        Versions versions,
        Machine machine,
        Computation computation,
        SortedMap<String, String> environment,
        Promise promise,
        Digests digests) {

    /** Older runs recorded no origins, and had none. */
    public Provenance {
        origins = origins == null ? new TreeMap<>() : origins;
    }

    /** The artifact's path in a run. */
    public static final String ARTIFACT = "provenance.json";

    private static final ObjectMapper JSON = Json.MAPPER
            .rebuild()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(EnumFeature.WRITE_ENUMS_TO_LOWERCASE)
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    /**
     * The training text.
     *
     * @param name a known name or a path
     * @param sha256 of its bytes
     * @param fallbackReason why the experiment's fallback was taken; empty if it was not
     */
    public record Text(String name, String sha256, String fallbackReason) {}

    /**
     * A trained model.
     *
     * @param name the id of its run; without one the path that was given
     * @param file the weights file that was read
     * @param sha256 {@link dev.switchlab.safetensors.TensorDigest} of the weights
     */
    public record Origin(String name, String file, String sha256) {}

    /**
     * SHA-256 of the results. Empty texts stand for results that are not there yet.
     *
     * @param initialWeights {@link dev.switchlab.safetensors.TensorDigest} before the first step
     * @param checkpoints of weights and optimizer state, by step
     * @param metrics {@link dev.switchlab.train.MetricsDigest} of all points
     * @param finalWeights after the last step
     */
    public record Digests(
            String initialWeights, SortedMap<Integer, String> checkpoints, String metrics, String finalWeights) {}

    /**
     * The provenance of a run that begins in this process. The engine must have been started.
     *
     * @param initialWeights digest of the weights before the first step
     */
    public static Provenance collect(
            Experiment experiment,
            String command,
            Text text,
            SortedMap<String, Origin> origins,
            Computation computation,
            String initialWeights) {
        SortedMap<String, String> environment = Computation.environment(System.getenv());
        return new Provenance(
                tree(experiment),
                command,
                text,
                origins,
                Source.in(Path.of("").toAbsolutePath()),
                Versions.current(),
                Machine.current(),
                computation,
                environment,
                Promise.of(!computation.device().equals("cpu"), computation.deterministicAlgorithms(), environment),
                new Digests(initialWeights, new TreeMap<>(), "", ""));
    }

    private static JsonNode tree(Experiment experiment) {
        try {
            return new YAMLMapper().readTree(experiment.toYaml());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an experiment's own YAML cannot be read: " + e.getOriginalMessage(), e);
        }
    }

    /** This provenance with the results of the run. */
    public Provenance with(Digests results) {
        return new Provenance(
                experiment,
                command,
                text,
                origins,
                source,
                versions,
                machine,
                computation,
                environment,
                promise,
                results);
    }

    /**
     * The experiment to run again.
     *
     * @throws dev.switchlab.experiment.ExperimentException if the settings were edited into something impossible
     */
    public Experiment toExperiment() {
        // JSON is YAML.
        return ExperimentLoader.parse(experiment.toString(), ARTIFACT);
    }

    /** As indented JSON with snake_case names. */
    public String toJson() {
        try {
            return JSON.writeValueAsString(this) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("provenance cannot be written: " + e.getOriginalMessage(), e);
        }
    }

    /**
     * Reads {@link #toJson}.
     *
     * @param source name of the text in messages
     * @throws IllegalArgumentException in one line
     */
    public static Provenance ofJson(String json, String source) {
        try {
            return JSON.readValue(json, Provenance.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    source + ": not the provenance of a run: "
                            + e.getOriginalMessage().replaceAll("\\s*\\R\\s*", " "),
                    e);
        }
    }

    /** What people filter runs by and no parameter says, as tags. */
    public Map<String, String> tags() {
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put("switchlab.version", versions.switchlab());
        tags.put("switchlab.promise", promise.name().toLowerCase(Locale.ROOT));
        tags.put("switchlab.cpu", machine.cpu());
        tags.put("switchlab.kernels", machine.kernels());
        tags.put("switchlab.jdk", versions.jdk());
        tags.put("switchlab.libtorch", versions.libtorch());
        if (!text.fallbackReason().isEmpty()) {
            tags.put("switchlab.corpus_fallback", text.fallbackReason());
        }
        if (!computation.gpu().isEmpty()) {
            tags.put("switchlab.gpu", computation.gpu());
        }
        tags.put("switchlab.dirty", source.note().isEmpty() ? Boolean.toString(source.dirty()) : source.note());
        return tags;
    }

    /** Every entry by its dotted path, such as {@code computation.threads}. */
    public Map<String, String> entries() {
        Map<String, String> entries = new LinkedHashMap<>();
        flatten("", JSON.valueToTree(this), entries);
        return entries;
    }

    private static void flatten(String path, JsonNode node, Map<String, String> entries) {
        if (node.isObject()) {
            node.properties()
                    .forEach(entry -> flatten(
                            path.isEmpty() ? entry.getKey() : path + "." + entry.getKey(), entry.getValue(), entries));
        } else {
            entries.put(path, node.isValueNode() ? node.asText() : node.toString());
        }
    }
}
