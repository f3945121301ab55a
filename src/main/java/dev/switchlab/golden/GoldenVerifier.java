package dev.switchlab.golden;

import ai.djl.engine.EngineException;
import dev.switchlab.golden.CaseResult.RunResult;
import dev.switchlab.safetensors.SafetensorsException;
import dev.switchlab.safetensors.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/** Verifies golden cases on the model: every case has to pass with each implementation. */
public final class GoldenVerifier {

    /** The list of a folder's cases. */
    static final String LIST = "cases.txt";

    private final List<Implementation> implementations;
    private final Function<GoldenCase, GoldenCase.Replay> replay;

    /** The implementations must not be empty, or nothing would be checked. */
    public GoldenVerifier(List<Implementation> implementations) {
        this(implementations, GoldenCase::replay);
    }

    /** @param replay how a case is run, for tests of the checker */
    GoldenVerifier(List<Implementation> implementations, Function<GoldenCase, GoldenCase.Replay> replay) {
        if (implementations.isEmpty()) {
            throw new IllegalArgumentException("at least one implementation must be verified");
        }
        this.implementations = List.copyOf(implementations);
        this.replay = replay;
    }

    /**
     * The case files in a folder, by name, or the one case file {@code source}. Where the folder has a list of its
     * cases, {@value #LIST} with a name on each line, files that are missing are among them.
     */
    public static List<Path> files(Path source) {
        if (Files.isRegularFile(source)) {
            return List.of(source);
        }
        if (!Files.isDirectory(source)) {
            throw new GoldenException(source + ": no such folder of golden cases");
        }
        Path list = source.resolve(LIST);
        try (Stream<Path> paths = Files.list(source)) {
            Set<Path> files = new TreeSet<>();
            paths.filter(path -> path.getFileName().toString().endsWith(CaseFile.EXTENSION))
                    .forEach(files::add);
            if (Files.exists(list)) {
                Files.readString(list)
                        .lines()
                        .map(String::strip)
                        .filter(name -> !name.isEmpty())
                        .forEach(name -> files.add(source.resolve(name + CaseFile.EXTENSION)));
            }
            return List.copyOf(files);
        } catch (IOException e) {
            throw new GoldenException(source + ": cannot list the golden cases: " + e.getMessage(), e);
        }
    }

    /**
     * Verifies the {@link #files} of a folder, or one file.
     *
     * @param only verifies only cases whose name contains this text; empty for all
     * @param progress receives each result as soon as there is one
     * @throws GoldenException if {@code source} does not exist or cannot be listed
     */
    public GoldenReport verify(Path source, String only, Consumer<CaseResult> progress) {
        List<CaseResult> results = new ArrayList<>();
        for (Path file : files(source)) {
            if (file.getFileName().toString().contains(only)) {
                CaseResult result = verify(file);
                progress.accept(result);
                results.add(result);
            }
        }
        return new GoldenReport(source, results);
    }

    /** Verifies one case. Whatever is wrong with the case is in the result. */
    CaseResult verify(Path file) {
        if (!Files.exists(file)) {
            return CaseResult.failed(file, "there is no such file, but " + LIST + " beside it lists the case");
        }
        GoldenCase golden;
        try {
            golden = GoldenCase.of(CaseFile.read(file));
        } catch (SafetensorsException | GoldenException e) {
            return CaseResult.failed(file, e.getMessage());
        }
        String kind = golden.file().kind();
        List<RunResult> runs = new ArrayList<>();
        Set<String> done = new HashSet<>();
        for (Implementation implementation : implementations) {
            String computation = implementation.label();
            if (implementation.suits(kind) && done.add(computation)) {
                runs.add(run(golden, implementation));
            }
        }
        return new CaseResult(file, kind, "", runs);
    }

    private RunResult run(GoldenCase golden, Implementation implementation) {
        Map<String, Tensor> expected = golden.file().expected();
        Tolerances tolerances =
                implementation.isSelective() ? golden.tolerances().withBfloat16(expected) : golden.tolerances();
        try {
            Map<String, Tensor> actual = replay.apply(golden).run(golden.file(), implementation);
            return new RunResult(implementation.label(), "", TensorDifference.all(expected, actual, tolerances));
        } catch (GoldenException | IllegalArgumentException | IllegalStateException | EngineException e) {
            String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            return new RunResult(
                    implementation.label(), message.isEmpty() ? e.getClass().getSimpleName() : message, List.of());
        }
    }
}
