package dev.switchlab.golden;

import com.google.common.io.MoreFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The result of one case.
 *
 * @param kind empty if the file could not be read
 * @param problem why the case could not be checked at all, in one line, or empty
 * @param runs one for each implementation
 */
public record CaseResult(Path file, String kind, String problem, List<RunResult> runs) {

    private static final int MOST_TENSORS = 5;

    /**
     * One run of a case.
     *
     * @param label the implementation, as in {@code cpu batched}
     * @param problem why the run could not be compared, in one line, or empty
     */
    public record RunResult(String label, String problem, List<TensorDifference> tensors) {

        /** Whether every tensor is within its tolerance. */
        public boolean passed() {
            return problem.isEmpty() && !tensors.isEmpty() && tensors.stream().allMatch(TensorDifference::passed);
        }

        /** The name of the first wrong tensor, or the problem. */
        private String blame() {
            return tensors.stream()
                    .filter(tensor -> !tensor.passed())
                    .findFirst()
                    .map(TensorDifference::name)
                    .orElse(problem.isEmpty() ? "nothing compared" : problem);
        }

        /** Everything that is wrong, in lines; the worst tensors first. */
        List<String> failure() {
            if (!problem.isEmpty()) {
                return List.of("  " + label + ": " + problem);
            }
            List<TensorDifference> failed = tensors.stream()
                    .filter(tensor -> !tensor.passed())
                    .sorted(Comparator.comparingDouble(tensor -> -tensor.units()))
                    .toList();
            List<String> lines = new ArrayList<>();
            lines.add("  " + label + ": " + failed.size() + " of " + tensors.size() + " tensors are wrong");
            failed.stream().limit(MOST_TENSORS).forEach(tensor -> lines.addAll(tensor.failure()));
            if (failed.size() > MOST_TENSORS) {
                lines.add("    ... and " + (failed.size() - MOST_TENSORS) + " more tensors");
            }
            return lines;
        }
    }

    static CaseResult failed(Path file, String problem) {
        return new CaseResult(file, "", problem, List.of());
    }

    /** The file's name without extension. */
    public String name() {
        return MoreFiles.getNameWithoutExtension(file);
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

    /** One line: verdict, and the largest error as a share of its tolerance. */
    public String line() {
        if (!problem.isEmpty()) {
            return "FAIL  " + name() + "  " + problem;
        }
        String numbers = String.format(
                Locale.ROOT,
                "%-4s  %-44s  at most %.3f of tolerance  %d/%d bit-equal",
                passed() ? "ok" : "FAIL",
                name(),
                units(),
                bitEqual(),
                tensors().count());
        String blame = runs.stream()
                .filter(run -> !run.passed())
                .map(run -> run.label() + ": " + run.blame())
                .collect(Collectors.joining("; "));
        return passed() ? numbers : numbers + "  " + blame;
    }

    /** Everything that is wrong with a failed case, in lines; empty for a case that passed. */
    public List<String> failure() {
        List<String> lines = new ArrayList<>();
        if (!passed()) {
            if (!problem.isEmpty()) {
                lines.add("  " + problem);
            }
            runs.stream().filter(run -> !run.passed()).forEach(run -> lines.addAll(run.failure()));
            if (!runs.isEmpty()) {
                lines.add("  more: make golden GOLDEN=" + file + " REPORT=difference.html");
            }
        }
        return lines;
    }
}
