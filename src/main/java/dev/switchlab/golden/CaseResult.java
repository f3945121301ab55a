package dev.switchlab.golden;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What came of one case.
 *
 * @param file its file
 * @param kind its kind, empty if the file could not be read
 * @param problem why it could not be checked at all, in one line, or empty
 * @param runs one for each device and form of dispatch
 */
public record CaseResult(Path file, String kind, String problem, List<RunResult> runs) {

    /**
     * One run of a case.
     *
     * @param form where it ran, as in {@code cpu batched}
     * @param problem why it could not be compared, in one line, or empty
     * @param tensors every tensor's difference
     */
    public record RunResult(String form, String problem, List<TensorDifference> tensors) {

        /** Whether every tensor is within its tolerance. */
        public boolean passed() {
            return problem.isEmpty() && !tensors.isEmpty() && tensors.stream().allMatch(TensorDifference::passed);
        }
    }

    static CaseResult failed(Path file, String problem) {
        return new CaseResult(file, "", problem, List.of());
    }

    /** The file's name without extension. */
    public String name() {
        String name = file.getFileName().toString();
        return name.endsWith(CaseFile.EXTENSION)
                ? name.substring(0, name.length() - CaseFile.EXTENSION.length())
                : name;
    }

    /** Whether every run passed. */
    public boolean passed() {
        return problem.isEmpty() && !runs.isEmpty() && runs.stream().allMatch(RunResult::passed);
    }

    /** All tensors of all runs. */
    public Stream<TensorDifference> tensors() {
        return runs.stream().flatMap(run -> run.tensors().stream());
    }

    /** Tensors, over all runs, that equal the reference's to the bit. */
    public long bitEqual() {
        return tensors().filter(TensorDifference::bitEqual).count();
    }

    /** The largest error in units of the tolerance. */
    public double units() {
        return tensors().mapToDouble(TensorDifference::units).max().orElse(0);
    }

    /** One line: verdict, largest absolute and relative error, and how they stand to the tolerance. */
    public String line() {
        if (!problem.isEmpty()) {
            return "FAIL  " + name() + "  " + problem;
        }
        double absolute = tensors().mapToDouble(t -> t.absolute().max()).max().orElse(0);
        double relative = tensors().mapToDouble(t -> t.relative().max()).max().orElse(0);
        String numbers = String.format(
                Locale.ROOT,
                "%-4s  %-44s  max abs %.1e  max rel %.1e  %.3f of tolerance  %d/%d bit-equal",
                passed() ? "ok" : "FAIL",
                name(),
                absolute,
                relative,
                units(),
                bitEqual(),
                tensors().count());
        return passed() ? numbers : numbers + "  " + blame();
    }

    private String blame() {
        List<String> failing = new ArrayList<>();
        for (RunResult run : runs) {
            if (!run.passed()) {
                String first = run.problem().isEmpty()
                        ? run.tensors().stream()
                                .filter(t -> !t.passed())
                                .findFirst()
                                .map(TensorDifference::name)
                                .orElse("nothing compared")
                        : run.problem();
                failing.add(run.form() + ": " + first);
            }
        }
        return String.join("; ", failing);
    }
}
