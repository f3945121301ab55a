package dev.switchlab.provenance;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The environment variables that change what or how is computed. Only names that begin as listed here are taken, and
 * none that could hold a secret.
 *
 * @param variables name to value
 */
public record Environment(@JsonValue Map<String, String> variables) {

    private static final List<String> PREFIXES = List.of(
            "ATEN_",
            "CUBLAS_",
            "CUDA_",
            "CUDNN_",
            "DJL_",
            "DNNL_",
            "GLIBC_TUNABLES",
            "GOMP_",
            "KMP_",
            "LD_PRELOAD",
            "MKL_",
            "NVIDIA_TF32_OVERRIDE",
            "OMP_",
            "ONEDNN_",
            "OPENBLAS_",
            "PYTORCH_",
            "TORCH_");

    /** Where files are, which changes nothing. */
    private static final Set<String> PLACES = Set.of("DJL_CACHE_DIR", "TORCH_HOME");

    private static final List<String> SECRETS = List.of("TOKEN", "PASSWORD", "SECRET", "CREDENTIAL", "API_KEY", "AUTH");

    /** Sorts by name. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public Environment {
        variables = new TreeMap<>(variables);
    }

    /** Takes what matters out of {@code all}. */
    static Environment of(Map<String, String> all) {
        Map<String, String> taken = new TreeMap<>();
        all.forEach((name, value) -> {
            String upper = name.toUpperCase(Locale.ROOT);
            if (!PLACES.contains(upper)
                    && PREFIXES.stream().anyMatch(upper::startsWith)
                    && SECRETS.stream().noneMatch(upper::contains)) {
                // A user and password before the host of an address.
                taken.put(name, value.replaceAll("://[^/@\\s]*@", "://"));
            }
        });
        return new Environment(taken);
    }
}
