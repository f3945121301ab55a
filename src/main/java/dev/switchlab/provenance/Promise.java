package dev.switchlab.provenance;

import java.util.Map;

/**
 * What a run promises to a run of the same experiment, seed and text. On the CPU, KilledRunTest and ReproducibleRunTest
 * check the promise.
 */
public enum Promise {
    /** Equal bits on a CPU with equal versions, thread counts and instruction sets. Needs deterministic algorithms. */
    BITWISE_CPU("the same bits on a CPU with the same versions, thread counts and instruction set"),

    /**
     * Equal bits on a CUDA device of the same kind with equal versions. Needs deterministic algorithms, and
     * CUBLAS_WORKSPACE_CONFIG set before the start.
     */
    BITWISE_CUDA("the same bits on the same kind of GPU with the same versions and driver"),

    /** Equal random numbers. Rounding may differ, and after some steps everything else. */
    SEEDED("the same random numbers, but not the same rounding");

    private final String text;

    Promise(String text) {
        this.text = text;
    }

    /** The promise in words. */
    public String text() {
        return text;
    }

    static Promise of(boolean cuda, boolean deterministicAlgorithms, Map<String, String> environment) {
        if (!deterministicAlgorithms) {
            return SEEDED;
        }
        if (!cuda) {
            return BITWISE_CPU;
        }
        String workspace = environment.getOrDefault("CUBLAS_WORKSPACE_CONFIG", "");
        return workspace.equals(":4096:8") || workspace.equals(":16:8") ? BITWISE_CUDA : SEEDED;
    }
}
