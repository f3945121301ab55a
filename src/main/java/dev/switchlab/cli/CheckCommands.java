package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.golden.CaseResult;
import dev.switchlab.golden.GoldenReport;
import dev.switchlab.golden.GoldenVerifier;
import dev.switchlab.golden.Implementation;
import dev.switchlab.notebook.Notebooks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Commands that check files against what the program computes: golden cases and notebooks. */
final class CheckCommands {

    private CheckCommands() {}

    @Command(
            name = "golden",
            description = "Check the model against golden tensors captured from the reference: every form of dispatch"
                    + " on every device.",
            footer = "Exit code: 0 if all cases pass, 1 if one fails or there are none.")
    static final class Golden implements Callable<Integer> {

        @Mixin
        private EngineOptions engine;

        @Option(
                names = "--golden",
                paramLabel = "FOLDER|FILE",
                description = "Golden cases (default: ${DEFAULT-VALUE}).",
                defaultValue = "golden")
        private Path source;

        @Option(
                names = "--dispatch",
                paramLabel = "FORM",
                description = "Only this form of dispatch: ${COMPLETION-CANDIDATES}.")
        private DispatchForm dispatch;

        @Option(
                names = "--only",
                paramLabel = "TEXT",
                description = "Only cases whose name contains this text.",
                defaultValue = "")
        private String only;

        @Option(
                names = "--report",
                paramLabel = "FILE",
                description = "Write all comparisons as one HTML page.",
                defaultValue = "")
        private String report;

        @Override
        public Integer call() throws IOException {
            Device device = engine.start();
            List<Implementation> implementations = new ArrayList<>(
                    engine.isAuto() && device.isGpu() ? Implementation.all() : Implementation.on(device));
            implementations.removeIf(implementation -> dispatch != null && implementation.dispatch() != dispatch);
            GoldenReport result = new GoldenVerifier(implementations).verify(source, only, Golden::print);
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

    @Command(
            name = "notebook",
            description =
                    "Run notebooks from top to bottom, render them, and compare their output with what is expected.",
            footer = "Exit code: 0 if all pass, 1 if one fails or there are none.")
    static final class Notebook implements Callable<Integer> {

        @Mixin
        private EngineOptions engine;

        @Option(
                names = "--notebook",
                paramLabel = "NAME|FILE",
                description = "One notebook, such as tour.",
                defaultValue = "")
        private String notebook;

        @Option(names = "--all", description = "All notebooks of the folder.")
        private boolean all;

        @Option(
                names = "--folder",
                paramLabel = "FOLDER",
                description = "The folder of notebooks (default: ${DEFAULT-VALUE}).",
                defaultValue = "jshell")
        private Path folder;

        @Option(
                names = "--out",
                paramLabel = "FOLDER",
                description = "The folder for pages (default: ${DEFAULT-VALUE}).",
                defaultValue = "target/notebooks")
        private Path out;

        @Option(names = "--update", description = "Take the output of a notebook as its expected output.")
        private boolean update;

        @Override
        public Integer call() throws IOException {
            Notebooks notebooks = new Notebooks(folder, out, update);
            List<Path> files = all ? notebooks.files() : List.of(notebooks.find(notebook));
            engine.start();
            int failed = 0;
            for (Path file : files) {
                long start = System.nanoTime();
                Notebooks.Verdict verdict = notebooks.run(file);
                System.out.printf(
                        Locale.ROOT,
                        "%-4s  %-28s %5.1f s  %s%s%n",
                        verdict.problem().isPresent() ? "FAIL" : "ok",
                        verdict.name(),
                        (System.nanoTime() - start) / 1e9,
                        verdict.page(),
                        verdict.note().isEmpty() ? "" : "  (" + verdict.note() + ")");
                if (verdict.problem().isPresent()) {
                    System.out.println(verdict.problem().get().indent(2).stripTrailing());
                    failed++;
                }
            }
            System.out.println((files.size() - failed) + " passed, " + failed + " failed");
            return failed == 0 && !files.isEmpty() ? 0 : 1;
        }
    }
}
