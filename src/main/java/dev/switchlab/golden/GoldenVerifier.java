package dev.switchlab.golden;

import ai.djl.engine.EngineException;
import dev.switchlab.golden.CaseResult.RunResult;
import dev.switchlab.safetensors.SafetensorsException;
import dev.switchlab.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Verifies golden cases on the model. */
public final class GoldenVerifier {

    /**
     * How cases run. The seam between the checker and the model: the checker's own tests put something wrong in its
     * place.
     */
    @FunctionalInterface
    interface Replay {
        /** Does what {@link GoldenCase#replay} does. */
        Map<String, Tensor> run(GoldenCase golden, Form form, Place place);
    }

    private final Replay replay;

    GoldenVerifier(Replay replay) {
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
        for (Place place : options.places()) {
            for (Form form : options.forms()) {
                if (form.suits(golden.file().kind()) && (golden.dispatches() || isOnce(form, place, options))) {
                    runs.add(run(golden, place.label() + " " + form.label(), form, place));
                }
            }
        }
        return new CaseResult(file, golden.file().kind(), "", runs);
    }

    /** Without experts, forms that differ only in how tokens reach them are one, as are ways to plan their routing. */
    private static boolean isOnce(Form form, Place place, VerifyOptions options) {
        boolean firstForm = !form.isOfDispatchOnly() || options.forms().size() == 1;
        boolean firstPlace = !place.routesOnDevice()
                || place.device().isGpu()
                || options.places().size() == 1;
        return firstForm && firstPlace;
    }

    private static Tolerances tolerances(GoldenCase golden, Form form) {
        return form.isSelective()
                ? golden.tolerances().withBfloat16(golden.file().expected())
                : golden.tolerances();
    }

    private RunResult run(GoldenCase golden, String label, Form form, Place place) {
        try {
            Map<String, Tensor> actual = replay.run(golden, form, place);
            return new RunResult(
                    label, "", CaseComparison.of(golden.file().expected(), actual, tolerances(golden, form)));
        } catch (GoldenException | IllegalArgumentException | IllegalStateException | EngineException e) {
            String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            return new RunResult(label, message.isEmpty() ? e.getClass().getSimpleName() : message, List.of());
        }
    }
}
