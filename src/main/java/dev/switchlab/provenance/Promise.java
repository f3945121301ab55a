package dev.switchlab.provenance;

/**
 * What a run promises to a run of the same experiment, seed and text. Tested on the CPU (KillTest,
 * ReproducibleRunTest).
 */
public enum Promise {
    /**
     * On a CPU: the same bits for the same versions, thread counts and instruction set. Deterministic algorithms are
     * on.
     */
    BITWISE_CPU("the same bits on a CPU with the same versions, thread counts and instruction set"),

    /**
     * On a CUDA device: the same bits for the same versions and kind of GPU. Deterministic algorithms are on, and
     * CUBLAS_WORKSPACE_CONFIG was set before the start.
     */
    BITWISE_CUDA("the same bits on the same kind of GPU with the same versions and driver"),

    /** The same random numbers; rounding may differ, and with it, after some steps, everything. */
    SEEDED("the same random numbers, but not the same rounding");

    private static final String CUBLAS = "CUBLAS_WORKSPACE_CONFIG";

    private final String text;

    Promise(String text) {
        this.text = text;
    }

    /** For a person. */
    public String text() {
        return text;
    }

    /** The promise that holds with these settings. */
    static Promise of(boolean cuda, boolean deterministicAlgorithms, Environment environment) {
        if (!deterministicAlgorithms) {
            return SEEDED;
        }
        if (!cuda) {
            return BITWISE_CPU;
        }
        String workspace = environment.variables().getOrDefault(CUBLAS, "");
        return workspace.equals(":4096:8") || workspace.equals(":16:8") ? BITWISE_CUDA : SEEDED;
    }
}
