package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.engine.Engine;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.gpu.CheckOptions;
import dev.switchlab.gpu.Finding;
import dev.switchlab.gpu.GpuCheck;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All of the check of a GPU that a CPU allows. */
class GpuCheckCommandTest {

    private static final String SMALL = "model.n_layers=2 model.d_model=32 train.batch_size=4 train.seq_len=16";

    @TempDir
    Path folder;

    @Test
    void onTheCpuEverythingPassesAndIsReported() throws Exception {
        Path report = folder.resolve("check.html");
        int code = Main.run(
                "gpu-check",
                "--device",
                "cpu",
                "--threads",
                "1",
                "--quick",
                "--set",
                SMALL,
                "--golden",
                "golden/switch_ff_drop_scale_skew.safetensors",
                "--out",
                report.toString());
        assertThat(code).isZero();
        assertThat(Files.readString(report))
                .contains("golden cases: 1 passed, 0 failed")
                .contains("equal to the bit after 6 steps")
                .contains("copies to the host: 1 per step");
    }

    /** One line, and nothing written. */
    @Test
    void withoutAGpuItSaysSo() {
        Assumptions.assumeTrue(Engine.getInstance().getGpuCount() == 0, "there is a GPU");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream before = System.err;
        Path report = folder.resolve("none.html");
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            assertThat(Main.run("gpu-check", "--device", "auto", "--threads", "1", "--out", report.toString()))
                    .isEqualTo(1);
        } finally {
            System.setErr(before);
        }
        assertThat(bytes.toString(StandardCharsets.UTF_8).lines())
                .filteredOn(line -> line.contains("CUDA"))
                .singleElement()
                .asString()
                .contains("DJL finds no CUDA device")
                .contains("DEVICE=cpu");
        assertThat(report).doesNotExist();
    }

    /** Without dropping each layer asks for the load of its fullest expert: that is more than one read. */
    @Test
    void moreReadsThanOneFail() {
        List<Finding> told = new ArrayList<>();
        CheckOptions options = new CheckOptions(
                Device.cpu(),
                ExperimentLoader.load(
                        "tiny-shakespeare", List.of(SMALL + " model.drop_tokens=false"), Path.of("experiments")),
                Path.of("golden/switch_ff_drop_scale_skew.safetensors"),
                2,
                2);
        List<Finding> findings = new GpuCheck(options, told::add).run();
        assertThat(findings).isEqualTo(told);
        assertThat(findings)
                .filteredOn(finding -> finding.name().equals("copies to the host"))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.passed()).isFalse();
                    assertThat(finding.text()).isEqualTo("3 per step");
                });
    }
}
