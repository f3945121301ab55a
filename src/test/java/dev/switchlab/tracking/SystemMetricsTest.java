package dev.switchlab.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The machine's load under MLflow's names. */
final class SystemMetricsTest {
    @TempDir
    private Path folder;

    @Test
    void samplesAreNumberedAndPlausible() throws Exception {
        BlockingQueue<Map.Entry<Long, Map<String, Double>>> samples = new LinkedBlockingQueue<>();
        SystemMetrics metrics = SystemMetrics.start(
                folder, Duration.ofMillis(20), 5, (sample, values) -> samples.add(Map.entry(sample, values)));
        try {
            assertThat(samples.poll(30, TimeUnit.SECONDS).getKey()).isEqualTo(5);
            Map.Entry<Long, Map<String, Double>> second = samples.poll(30, TimeUnit.SECONDS);
            assertThat(second.getKey()).isEqualTo(6);
            Map<String, Double> values = second.getValue();
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
        } finally {
            metrics.close();
        }
    }

    @Test
    void aRunHasThem() throws Exception {
        Notices notices = new Notices();
        TrackingOptions options = TestOptions.quick(notices).withSystemMetrics(Duration.ofMillis(20));
        try (TrackingStore store = TrackingStore.open(Optional.empty(), folder, options)) {
            MlflowRunLog log = store.startRun(TestRuns.info());
            while (store.history(log.runId(), "system/system_memory_usage_megabytes")
                            .size()
                    < 3) {
                Thread.sleep(20);
            }
            log.finish(RunStatus.FINISHED);
            assertThat(store.history(log.runId(), "system/system_memory_usage_megabytes"))
                    .extracting(MetricPoint::step)
                    .startsWith(0L, 1L, 2L);
        }
    }

    @Test
    void gpusAreReadFromNvidiaSmi() {
        assertThat(GpuLoad.parse("0, 35, 1000, 80000, 175.50, 700.00\n1, [N/A], 0, 80000, [N/A], [N/A]\nNo devices\n"))
                .isEqualTo(Map.of(
                        "system/gpu_0_utilization_percentage", 35.0,
                        "system/gpu_0_memory_usage_megabytes", 1048.576,
                        "system/gpu_0_memory_usage_percentage", 1.25,
                        "system/gpu_0_power_usage_watts", 175.5,
                        "system/gpu_0_power_usage_percentage", 100 * 175.5 / 700,
                        "system/gpu_1_memory_usage_megabytes", 0.0,
                        "system/gpu_1_memory_usage_percentage", 0.0));
        assertThat(GpuLoad.parse("")).isEmpty();
    }
}
