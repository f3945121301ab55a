package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.golden.CaseResult;
import dev.switchlab.golden.GoldenReport;
import dev.switchlab.golden.GoldenVerifier;
import dev.switchlab.golden.VerifyOptions;
import dev.switchlab.golden.VerifyOptions.Implementation;
import dev.switchlab.golden.VerifyOptions.Target;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Verifies golden cases. */
@Command(
        name = "golden",
        description =
                "Check the model against golden tensors captured from the reference; every dispatch form on every device.",
        footer = "Exit code: 0 when all cases pass, 1 when one fails or there are none.")
final class GoldenCommand implements Callable<Integer> {

    @Mixin
    private EngineOptions engine;

    @Option(
            names = "--golden",
            paramLabel = "FOLDER|FILE",
            description = "Golden cases (default: ${DEFAULT-VALUE}).",
            defaultValue = "golden")
    private Path source;

    @Option(names = "--dispatch", description = "Only this form of dispatch: ${COMPLETION-CANDIDATES}.")
    private DispatchForm dispatch;

    @Option(
            names = "--only",
            paramLabel = "TEXT",
            description = "Only cases whose name contains this.",
            defaultValue = "")
    private String only;

    @Option(
            names = "--report",
            paramLabel = "FILE",
            description = "Write the whole comparison as one HTML page.",
            defaultValue = "")
    private String report;

    @Override
    public Integer call() throws IOException {
        Device device = engine.start();
        VerifyOptions everything = VerifyOptions.everything();
        List<Target> targets = engine.isAuto() ? everything.targets() : List.of(Target.of(device));
        List<Implementation> implementations =
                dispatch == null ? everything.implementations() : Implementation.of(dispatch);
        GoldenReport result =
                GoldenVerifier.verifyFolder(source, new VerifyOptions(implementations, targets, only), GoldenCommand::print);
        if (!report.isBlank()) {
            result.write(Path.of(report));
            System.out.println("report: " + report);
        }
        System.out.println(result.statistics());
        System.out.println(result.summary());
        return result.passed() ? 0 : 1;
    }

    private static void print(CaseResult result) {
        System.out.println(result.line());
        result.failure().forEach(System.out::println);
    }
}
