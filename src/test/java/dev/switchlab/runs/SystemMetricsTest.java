package dev.switchlab.runs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The machine's load under MLflow's names. */
final class SystemMetricsTest {
    @TempDir
    private Path folder;

    private final List<Map.Entry<Long, Map<String, Double>>> samples = Collections.synchronizedList(new ArrayList<>());

    private SystemMetrics start(Duration interval) {
        return new SystemMetrics(folder, interval, 5, (sample, values) -> samples.add(Map.entry(sample, values)));
    }

    @Test
    void samplesAreNumberedAndPlausible() throws Exception {
        SystemMetrics metrics = start(Duration.ofMillis(20));
        while (samples.size() < 2) {
            Thread.sleep(5);
        }
        metrics.close();
        assertThat(samples).extracting(Map.Entry::getKey).startsWith(5L, 6L);
        Map<String, Double> values = samples.get(1).getValue();
        assertThat(values)
                .containsKeys(
                        "system/cpu_utilization_percentage",
                        "system/system_memory_usage_megabytes",
                        "system/system_memory_usage_percentage",
                        "system/disk_usage_percentage",
                        "system/disk_usage_megabytes",
                        "system/disk_available_megabytes");
        assertThat(values).allSatisfy((key, value) -> {
            Keys.check("metric", key);
            assertThat(value).isGreaterThanOrEqualTo(0).isFinite();
            if (key.endsWith("percentage")) {
                assertThat(value).isLessThanOrEqualTo(100);
            }
        });
        assertThat(values.get("system/system_memory_usage_megabytes")).isGreaterThan(1);
    }

    @Test
    void aShortRunHasOneAtItsEnd() {
        start(Duration.ofHours(1)).close();
        assertThat(samples)
                .singleElement()
                .satisfies(sample -> assertThat(sample.getKey()).isEqualTo(5));
    }

    @Test
    void noneAreTakenWhereNoneAreWanted() {
        start(Duration.ZERO).close();
        assertThat(samples).isEmpty();
    }

    @Test
    void gpusAreReadFromNvidiaSmi() {
        assertThat(MachineLoad.gpus(
                        "0, 35, 1000, 80000, 175.50, 700.00\n1, [N/A], 0, 80000, [N/A], [N/A]\nNo devices\n"))
                .isEqualTo(Map.of(
                        "system/gpu_0_utilization_percentage", 35.0,
                        "system/gpu_0_memory_usage_megabytes", 1048.576,
                        "system/gpu_0_memory_usage_percentage", 1.25,
                        "system/gpu_0_power_usage_watts", 175.5,
                        "system/gpu_0_power_usage_percentage", 100 * 175.5 / 700,
                        "system/gpu_1_memory_usage_megabytes", 0.0,
                        "system/gpu_1_memory_usage_percentage", 0.0));
        assertThat(MachineLoad.gpus("")).isEmpty();
    }
}
