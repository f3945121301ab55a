package dev.switchlab.golden;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.io.Json;
import dev.switchlab.safetensors.Dtype;
import dev.switchlab.safetensors.Safetensors;
import dev.switchlab.safetensors.SafetensorsException;
import dev.switchlab.safetensors.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A case as its file holds it.
 *
 * @param path the file
 * @param kind what was captured
 * @param config flags and shapes, without settings that are null
 * @param noise how far the reference in float32 is from itself in float64, by group of tensors
 * @param params weights by state_dict name, from the case itself or from the case that {@code params_from} names
 * @param inputs inputs by name, without permutations
 * @param permutations permutations of over-full experts by their dotted key, as in {@code 0.3} for layer 0, expert 3
 * @param expected outputs and gradients by full name, as in {@code output.y} and {@code grad.layer1.weight}
 */
record CaseFile(
        Path path,
        String kind,
        ObjectNode config,
        Map<String, Double> noise,
        Map<String, Tensor> params,
        Map<String, Tensor> inputs,
        Map<String, int[]> permutations,
        Map<String, Tensor> expected) {

    static final String EXTENSION = ".safetensors";

    /**
     * Reads a case.
     *
     * @throws SafetensorsException if the file breaks the safetensors format
     * @throws GoldenException if it is not a golden case
     */
    static CaseFile read(Path path) throws SafetensorsException {
        Safetensors content = Safetensors.read(path);
        ObjectNode config = CaseConfig.parse(metadata(content, "config"));
        Map<String, Tensor> inputs = new LinkedHashMap<>();
        Map<String, int[]> permutations = new LinkedHashMap<>();
        Map<String, Tensor> expected = new TreeMap<>();
        for (Map.Entry<String, Tensor> entry : content.tensors().entrySet()) {
            String name = entry.getKey();
            if (name.startsWith("input.perm.")) {
                permutations.put(name.substring("input.perm.".length()), permutation(name, entry.getValue()));
            } else if (name.startsWith("input.")) {
                inputs.put(name.substring("input.".length()), entry.getValue());
            } else if (name.startsWith("output.") || name.startsWith("grad.")) {
                expected.put(name, entry.getValue());
            } else if (!name.startsWith("param.")) {
                throw new GoldenException("tensor '" + name
                        + "' is none of param.*, input.*, output.* and grad.*: this checker would not check it");
            }
        }
        return new CaseFile(
                path,
                metadata(content, "kind"),
                config,
                noise(content.metadata().getOrDefault("float64_max_abs_diff", "{}")),
                params(path, content, config),
                Collections.unmodifiableMap(inputs),
                Collections.unmodifiableMap(permutations),
                Collections.unmodifiableMap(expected));
    }

    /** The config as a record of {@link CaseConfig}. */
    <C> C config(Class<C> type, Map<String, ?> defaults) {
        return CaseConfig.bind(config, type, defaults);
    }

    /** Whether a parameter's name ends so. */
    boolean hasParam(String suffix) {
        return params.keySet().stream().anyMatch(name -> name.endsWith(suffix));
    }

    /** Fails unless a size in the config is that of a weight's axis. */
    void checkSize(String field, long size, String param, int axis) {
        Tensor tensor = params.get(param);
        if (tensor == null) {
            throw new GoldenException("the case has no param." + param);
        }
        if (tensor.shape().length <= axis || tensor.shape()[axis] != size) {
            throw new GoldenException("config " + field + " is " + size + ", but param." + param + " is " + tensor);
        }
    }

    /** The rows of an input (rows, columns). */
    int rows(String name, int columns) {
        Tensor tensor = input(name, Dtype.F32);
        if (tensor.shape().length != 2 || tensor.shape()[0] < 1 || tensor.shape()[1] != columns) {
            throw new GoldenException("input." + name + " is " + tensor + "; allowed: F32 [tokens, " + columns + "]");
        }
        return Math.toIntExact(tensor.shape()[0]);
    }

    /** This case with other weights. */
    CaseFile withParams(Map<String, Tensor> others) {
        return new CaseFile(path, kind, config, noise, others, inputs, permutations, expected);
    }

    /** The input of that name, of that dtype. */
    Tensor input(String name, Dtype dtype) {
        Tensor tensor = inputs.get(name);
        if (tensor == null) {
            throw new GoldenException("the case has no input." + name);
        }
        return checked("input." + name, tensor, dtype);
    }

    /** An input of token ids, each checked: a wrong one would read beyond the embedding. */
    Tensor tokens(String name, int nVocab) {
        Tensor tensor = input(name, Dtype.I64);
        for (long id : tensor.longs()) {
            if (id < 0 || id >= nVocab) {
                throw new GoldenException(
                        "input." + name + " holds the token " + id + ", but the vocabulary is " + nVocab);
            }
        }
        return tensor;
    }

    /** Fails for inputs that the kind does not know, since they would be ignored; {@code perm}: permutations. */
    void onlyInputs(String... known) {
        List<String> unknown = new ArrayList<>(inputs.keySet());
        permutations.keySet().forEach(key -> unknown.add("perm." + key));
        unknown.removeIf(name -> List.of(known).contains(name.replaceFirst("^perm\\..*", "perm")));
        if (!unknown.isEmpty()) {
            throw new GoldenException("a case of kind " + kind + " has no input." + unknown.get(0));
        }
    }

    private static Map<String, Tensor> params(Path path, Safetensors content, ObjectNode config)
            throws SafetensorsException {
        Map<String, Tensor> tensors = content.tensors();
        String from = config.path("params_from").asText();
        if (!from.isEmpty()) {
            if (from.contains("/") || from.contains("\\") || from.contains("..")) {
                throw new GoldenException(
                        "config params_from is '" + from + "'; allowed: the name of a case in the same folder");
            }
            tensors = Safetensors.read(path.resolveSibling(from + EXTENSION)).tensors();
        }
        Map<String, Tensor> params = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (name.startsWith("param.")) {
                params.put(name.substring("param.".length()), checked(name, tensor, Dtype.F32));
            }
        });
        return Collections.unmodifiableMap(params);
    }

    private static Tensor checked(String name, Tensor tensor, Dtype dtype) {
        if (tensor.dtype() != dtype) {
            throw new GoldenException(name + " is " + tensor + ", not " + dtype);
        }
        return tensor;
    }

    private static int[] permutation(String name, Tensor tensor) {
        if (!tensor.dtype().isInteger()) {
            throw new GoldenException(name + " is " + tensor + ", not a permutation");
        }
        long[] values = tensor.longs();
        int[] permutation = new int[values.length];
        boolean[] seen = new boolean[values.length];
        for (int i = 0; i < values.length; i++) {
            if (values[i] < 0 || values[i] >= values.length || seen[(int) values[i]]) {
                throw new GoldenException(
                        name + " is not a permutation: element " + i + " is " + values[i] + " of " + values.length);
            }
            seen[(int) values[i]] = true;
            permutation[i] = (int) values[i];
        }
        return permutation;
    }

    private static String metadata(Safetensors content, String key) {
        String value = content.metadata().get(key);
        if (value == null) {
            throw new GoldenException("not a golden case: the file's metadata has no '" + key + "'");
        }
        return value;
    }

    static Map<String, Double> noise(String json) {
        Map<String, Double> noise = new LinkedHashMap<>();
        try {
            JsonNode node = Json.MAPPER.readTree(json);
            node.properties().forEach(field -> {
                double value = field.getValue().asDouble(Double.NaN);
                if (!(value >= 0) || Double.isInfinite(value)) {
                    throw new GoldenException(
                            "float64_max_abs_diff " + field.getKey() + " is " + field.getValue() + ", not an error");
                }
                noise.put(field.getKey(), value);
            });
        } catch (JsonProcessingException e) {
            throw new GoldenException("float64_max_abs_diff is not valid JSON", e);
        }
        return Collections.unmodifiableMap(noise);
    }
}
