package dev.switchlab.runs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The load of NVIDIA GPUs, as {@code nvidia-smi} tells it; nothing where that program is not there. */
final class GpuLoad {
    private static final String[] QUERY = {
        "nvidia-smi",
        "--query-gpu=index,utilization.gpu,memory.used,memory.total,power.draw,power.limit",
        "--format=csv,noheader,nounits"
    };
    private static final double MEBI_TO_MEGA = 1.048576;
    private static final int LIMIT_SECONDS = 5;

    private boolean absent;

    Map<String, Double> sample() {
        if (absent) {
            return Map.of();
        }
        try {
            Process process = new ProcessBuilder(QUERY)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                absent = true;
                return Map.of();
            }
            absent = process.exitValue() != 0;
            return parse(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            absent = true;
            return Map.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Map.of();
        }
    }

    /** Reads lines such as {@code 0, 35, 1024, 81559, 120.5, 700.0}; a GPU tells "[N/A]" for what it does not know. */
    static Map<String, Double> parse(String csv) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        for (String line : csv.lines().toList()) {
            String[] fields = line.split("\\s*,\\s*", -1);
            if (fields.length != 6) {
                continue;
            }
            String gpu = "system/gpu_" + fields[0].strip() + "_";
            double used = number(fields[2]);
            double power = number(fields[4]);
            put(metrics, gpu + "utilization_percentage", number(fields[1]));
            put(metrics, gpu + "memory_usage_megabytes", used * MEBI_TO_MEGA);
            put(metrics, gpu + "memory_usage_percentage", 100 * used / number(fields[3]));
            put(metrics, gpu + "power_usage_watts", power);
            put(metrics, gpu + "power_usage_percentage", 100 * power / number(fields[5]));
        }
        return metrics;
    }

    private static void put(Map<String, Double> metrics, String name, double value) {
        if (Double.isFinite(value)) {
            metrics.put(name, value);
        }
    }

    private static double number(String field) {
        try {
            return Double.parseDouble(field.strip());
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }
}
