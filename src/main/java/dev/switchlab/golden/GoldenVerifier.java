package dev.switchlab.golden;

import ai.djl.engine.EngineException;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.golden.CaseResult.RunResult;
import dev.switchlab.golden.VerifyOptions.Implementation;
import dev.switchlab.golden.VerifyOptions.Target;
import dev.switchlab.safetensors.SafetensorsException;
import dev.switchlab.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/** Verifies golden cases on the model. */
public final class GoldenVerifier {

    private final Function<GoldenCase, GoldenCase.Replay> replay;

    /** @param replay how a case is run; tests of the checker put something wrong in its place */
    GoldenVerifier(Function<GoldenCase, GoldenCase.Replay> replay) {
        this.replay = replay;
    }

    /**
     * Verifies every case in a folder (or one case, if {@code source} is a file), in the order of their names.
     *
     * @param source folder with {@code .safetensors} files, or one such file
     * @param options what every case has to pass
     * @param progress is told each result as soon as it is there
     * @throws GoldenException if {@code source} is not there or cannot be listed
     */
    public static GoldenReport verifyFolder(Path source, VerifyOptions options, Consumer<CaseResult> progress) {
        return new GoldenVerifier(GoldenCase::replay).verify(source, options, progress);
    }

    /** Verifies one case. Whatever is wrong with it is in the result. */
    static CaseResult verifyFile(Path file, VerifyOptions options) {
        return new GoldenVerifier(GoldenCase::replay).verifyCase(file, options);
    }

    /** The case files in {@code source}, by name. */
    public static List<Path> files(Path source) {
        if (Files.isRegularFile(source)) {
            return List.of(source);
        }
        if (!Files.isDirectory(source)) {
            throw new GoldenException(source + ": no such folder of golden cases");
        }
        try (Stream<Path> paths = Files.list(source)) {
            return paths.filter(path -> path.getFileName().toString().endsWith(CaseFile.EXTENSION))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new GoldenException(source + ": cannot list the golden cases: " + e.getMessage(), e);
        }
    }

    GoldenReport verify(Path source, VerifyOptions options, Consumer<CaseResult> progress) {
        List<CaseResult> results = new ArrayList<>();
        for (Path file : files(source)) {
            if (file.getFileName().toString().contains(options.only())) {
                CaseResult result = verifyCase(file, options);
                progress.accept(result);
                results.add(result);
            }
        }
        return new GoldenReport(source, results);
    }

    CaseResult verifyCase(Path file, VerifyOptions options) {
        GoldenCase golden;
        try {
            golden = GoldenCase.of(CaseFile.read(file));
        } catch (SafetensorsException | GoldenException e) {
            return CaseResult.failed(file, e.getMessage());
        }
        List<RunResult> runs = new ArrayList<>();
        for (Target target : options.targets()) {
            for (Implementation implementation : options.implementations()) {
                if (implementation.suits(golden.file().kind())
                        && (golden.dispatches() || isOnce(implementation, target, options))) {
                    runs.add(run(golden, implementation, target));
                }
            }
        }
        return new CaseResult(file, golden.file().kind(), "", runs);
    }

    /**
     * Without experts, forms of dispatch under autograd are one implementation, and kinds of routing plan one target.
     */
    private static boolean isOnce(Implementation implementation, Target target, VerifyOptions options) {
        boolean isFirst = implementation.dispatch() != DispatchForm.LOOP
                || options.implementations().size() == 1;
        return isFirst
                && (!target.routesOnDevice()
                        || target.device().isGpu()
                        || options.targets().size() == 1);
    }

    private RunResult run(GoldenCase golden, Implementation implementation, Target target) {
        String label = target.label() + " " + implementation.label();
        Map<String, Tensor> expected = golden.file().expected();
        Tolerances tolerances =
                implementation.isSelective() ? golden.tolerances().withBfloat16(expected) : golden.tolerances();
        try {
            Map<String, Tensor> actual = replay.apply(golden).run(golden.file(), implementation, target);
            return new RunResult(label, "", TensorDifference.all(expected, actual, tolerances));
        } catch (GoldenException | IllegalArgumentException | IllegalStateException | EngineException e) {
            String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            return new RunResult(label, message.isEmpty() ? e.getClass().getSimpleName() : message, List.of());
        }
    }
}
