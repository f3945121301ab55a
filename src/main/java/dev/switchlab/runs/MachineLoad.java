package dev.switchlab.runs;

import com.sun.management.OperatingSystemMXBean;
import dev.switchlab.io.Memory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * The machine's load under the metric names of MLflow's Python client ({@code mlflow.system_metrics}). A megabyte is
 * 10^6 bytes, as in that client.
 */
final class MachineLoad {
    private static final double MEGA = 1e6;
    private static final double MEBI_TO_MEGA = 1.048576;
    private static final Path NETWORK = Path.of("/proc/net/dev");
    private static final String[] NVIDIA_SMI = {
        "nvidia-smi",
        "--query-gpu=index,utilization.gpu,memory.used,memory.total,power.draw,power.limit",
        "--format=csv,noheader,nounits"
    };
    private static final int NVIDIA_SMI_SECONDS = 5;

    private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private final Path folder;
    private final long[] firstTraffic;
    private boolean hasGpus = true;

    /** @param folder on the disk whose use is reported */
    MachineLoad(Path folder) {
        this.folder = folder;
        this.firstTraffic = traffic();
        // The first reading covers an unknown time, and is 0 on some JDKs.
        system.getCpuLoad();
    }

    /** The current values; those that this machine does not report are absent. */
    Map<String, Double> sample() {
        Map<String, Double> metrics = new LinkedHashMap<>();
        double processors = system.getCpuLoad();
        if (processors >= 0) {
            metrics.put("system/cpu_utilization_percentage", 100 * processors);
        }
        memory(metrics);
        disk(metrics);
        long[] traffic = traffic();
        if (traffic.length == 2 && firstTraffic.length == 2) {
            metrics.put("system/network_receive_megabytes", (traffic[0] - firstTraffic[0]) / MEGA);
            metrics.put("system/network_transmit_megabytes", (traffic[1] - firstTraffic[1]) / MEGA);
        }
        if (hasGpus) {
            metrics.putAll(gpus());
        }
        return metrics;
    }

    private void memory(Map<String, Double> metrics) {
        double total = system.getTotalMemorySize();
        double used = total - availableMemory(total);
        metrics.put("system/system_memory_usage_megabytes", used / MEGA);
        metrics.put("system/system_memory_usage_percentage", 100 * used / total);
    }

    /** Memory that programs could allocate, in bytes: on Linux more than is free, because caches can be dropped. */
    private double availableMemory(double total) {
        OptionalLong machine = Memory.total();
        OptionalLong available = Memory.available();
        // In a container with a limit, the bean reports the container's memory, /proc the machine's.
        boolean whole = machine.isPresent() && machine.getAsLong() <= total;
        return whole && available.isPresent() ? available.getAsLong() : system.getFreeMemorySize();
    }

    private void disk(Map<String, Double> metrics) {
        try {
            FileStore disk = Files.getFileStore(folder);
            double total = disk.getTotalSpace();
            double available = disk.getUsableSpace();
            double used = total - disk.getUnallocatedSpace();
            metrics.put("system/disk_usage_megabytes", used / MEGA);
            metrics.put("system/disk_available_megabytes", available / MEGA);
            metrics.put("system/disk_usage_percentage", 100 * used / (used + available));
        } catch (IOException e) {
            // The folder is on a file system without usage numbers.
        }
    }

    /** Bytes received and sent by all interfaces but loopback; empty if unknown. */
    private static long[] traffic() {
        long received = 0;
        long sent = 0;
        try {
            for (String line : Files.readAllLines(NETWORK)) {
                int colon = line.indexOf(':');
                if (colon > 0 && !line.substring(0, colon).strip().equals("lo")) {
                    String[] fields = line.substring(colon + 1).strip().split("\\s+", -1);
                    received += Long.parseLong(fields[0]);
                    sent += Long.parseLong(fields[8]);
                }
            }
        } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
            return new long[0];
        }
        return new long[] {received, sent};
    }

    /** The load of NVIDIA GPUs from {@code nvidia-smi}; empty if that program is absent or fails. */
    private Map<String, Double> gpus() {
        hasGpus = false;
        try {
            Process process = new ProcessBuilder(NVIDIA_SMI)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(NVIDIA_SMI_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return Map.of();
            }
            hasGpus = process.exitValue() == 0;
            return gpus(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Map.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Map.of();
        }
    }

    /** Reads lines such as {@code 0, 35, 1024, 81559, 120.5, 700.0}; an unknown value is "[N/A]". */
    static Map<String, Double> gpus(String csv) {
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
