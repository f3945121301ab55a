package dev.switchlab.provenance;

import ai.djl.Device;
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
import java.util.Map;

/**
 * Where a run comes from and what it gave: enough to run it again, and to say what is different then. Kept with each
 * run as the artifact {@value #ARTIFACT}.
 *
 * @param experiment the resolved experiment, as a tree of settings
 * @param command what was typed
 * @param text what was trained on
 * @param source the code
 * @param versions the programs
 * @param machine the processor
 * @param computation device, threads, deterministic algorithms
 * @param environment the environment variables that matter
 * @param promise what a run of the same experiment may expect
 * @param digests what came out
 */
public record Provenance(
        JsonNode experiment,
        String command,
        Text text,
        Source source,
        Versions versions,
        Machine machine,
        Computation computation,
        Environment environment,
        Promise promise,
        Digests digests) {

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
     * Of a run that begins in this process. The engine has been started.
     *
     * @param command what was typed
     * @param kernels what multiplies
     * @param initialWeights digest of the weights before the first step
     */
    public static Provenance collect(
            Experiment experiment, String command, Text text, Device device, String kernels, String initialWeights) {
        Libtorch torch = Libtorch.loaded();
        Environment environment = Environment.of(System.getenv());
        Computation computation = Computation.on(device, kernels, torch);
        return new Provenance(
                tree(experiment),
                command,
                text,
                Source.in(Path.of("").toAbsolutePath()),
                Versions.current(torch),
                Machine.current(torch),
                computation,
                environment,
                Promise.of(device.isGpu(), computation.deterministicAlgorithms(), environment),
                Digests.initial(initialWeights));
    }

    private static JsonNode tree(Experiment experiment) {
        try {
            return new YAMLMapper().readTree(experiment.toYaml());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an experiment's own YAML cannot be read: " + e.getOriginalMessage(), e);
        }
    }

    /** The same with what came out. */
    public Provenance with(Digests results) {
        return new Provenance(
                experiment, command, text, source, versions, machine, computation, environment, promise, results);
    }

    /** The same, computed by {@code ranks} processes, each with a part of the experts or with all. */
    public Provenance by(int ranks, boolean expertParallel) {
        return new Provenance(
                experiment,
                command,
                text,
                source,
                versions,
                machine,
                computation.by(ranks, expertParallel),
                environment,
                promise,
                digests);
    }

    /**
     * The experiment to run again.
     *
     * @throws dev.switchlab.experiment.ExperimentException if it was changed into something impossible
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
     * @param source what messages call it
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

    /** What people filter runs by, as tags. */
    public Map<String, String> tags() {
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put("switchlab.version", versions.switchlab());
        tags.put("switchlab.promise", promise.name().toLowerCase(java.util.Locale.ROOT));
        tags.put("switchlab.device", computation.device());
        tags.put("switchlab.threads", Integer.toString(computation.threads()));
        tags.put("switchlab.cpu", machine.cpu());
        tags.put("switchlab.kernels", machine.kernels());
        tags.put("switchlab.jdk", versions.jdk());
        tags.put("switchlab.libtorch", versions.libtorch());
        tags.put("switchlab.corpus", text.name());
        tags.put("switchlab.corpus_sha256", text.sha256());
        if (!text.fallbackReason().isEmpty()) {
            tags.put("switchlab.corpus_fallback", text.fallbackReason());
        }
        if (computation.ranks() > 1) {
            tags.put("switchlab.ranks", Integer.toString(computation.ranks()));
        }
        if (!computation.gpu().isEmpty()) {
            tags.put("switchlab.gpu", computation.gpu());
        }
        tags.put("switchlab.dirty", source.note().isEmpty() ? Boolean.toString(source.dirty()) : source.note());
        return tags;
    }

    /** Every entry by its dotted path, such as {@code computation.threads}: what two runs are compared by. */
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
