package dev.switchlab.cli;

import ai.djl.Device;
import ai.djl.engine.Engine;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.gpu.CheckOptions;
import dev.switchlab.gpu.Finding;
import dev.switchlab.gpu.GpuCheck;
import dev.switchlab.io.WholeFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Checks a GPU, or the way of a GPU on the CPU. */
@Command(
        name = "gpu-check",
        description =
                "Check a GPU: golden cases, two runs compared bit for bit, copies to the host counted, step time, memory. With"
                        + " --device cpu all of it that a CPU allows, with the routing plan of a GPU.",
        footer = "Exit code: 0 when all is well, 1 when something is not or there is no CUDA device.")
final class GpuCheckCommand implements Callable<Integer> {

    @Mixin
    private EngineOptions engine;

    @Option(
            names = "--experiment",
            paramLabel = "ID",
            description = "What is trained for a few steps (default: ${DEFAULT-VALUE}).",
            defaultValue = "tiny-shakespeare")
    private String experiment;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE ...",
            description = "Settings to change in it.",
            defaultValue = "")
    private String set;

    @Option(
            names = "--golden",
            paramLabel = "FOLDER|FILE",
            description = "Golden cases (default: ${DEFAULT-VALUE}).",
            defaultValue = "golden")
    private Path golden;

    @Option(
            names = "--quick",
            description = "Few steps: a minute, and memory is hardly tried.")
    private boolean quick;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "Where the report goes (default: ${DEFAULT-VALUE}).",
            defaultValue = "runs/gpu-check.html")
    private Path out;

    @Override
    public Integer call() throws IOException {
        Experiment base =
                ExperimentLoader.load(experiment, set.isBlank() ? List.of() : List.of(set), Path.of("experiments"));
        Device device = engine.start();
        if (engine.isAuto() && !device.isGpu()) {
            throw new IllegalArgumentException("DJL finds no CUDA device (engine "
                    + Engine.getInstance().getVersion()
                    + "); \"CUDA\" in README.md says how its libraries arrive; DEVICE=cpu checks what a CPU can");
        }
        CheckOptions options = new CheckOptions(device, base, golden, quick ? 6 : 40, quick ? 20 : 1000);
        GpuCheck check = new GpuCheck(options, finding -> System.out.println(finding.line()));
        List<Finding> findings = check.run();
        WholeFile.write(out, check.page());
        System.out.println("report: " + out);
        long failed = findings.stream().filter(finding -> !finding.passed()).count();
        System.out.println(findings.size() - failed + " passed, " + failed + " failed");
        return failed == 0 ? 0 : 1;
    }
}
