package dev.switchlab.provenance;

/** Metrics that measure the machine and not the model: they differ from run to run, so no comparison looks at them. */
public final class Timings {

    private Timings() {}

    /** Whether {@code metric} is such: throughput and MLflow's system metrics. */
    public static boolean isTiming(String metric) {
        return metric.equals("train/tokens_per_second") || metric.startsWith("system/");
    }
}
