package dev.switchlab.golden;

import dev.switchlab.golden.CaseResult.RunResult;
import dev.switchlab.golden.TensorDifference.Element;
import dev.switchlab.golden.TensorDifference.Spread;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Says in full what is wrong with a failed case. */
final class FailureText {

    private static final int MOST_TENSORS = 5;

    private FailureText() {}

    static List<String> of(CaseResult result) {
        List<String> lines = new ArrayList<>();
        if (!result.problem().isEmpty()) {
            lines.add("  " + result.problem());
        }
        for (RunResult run : result.runs()) {
            if (!run.passed()) {
                lines.addAll(of(run));
            }
        }
        lines.add("  more: make golden GOLDEN=" + result.file() + " REPORT=difference.html");
        return lines;
    }

    private static List<String> of(RunResult run) {
        List<String> lines = new ArrayList<>();
        if (!run.problem().isEmpty()) {
            lines.add("  " + run.form() + ": " + run.problem());
            return lines;
        }
        List<TensorDifference> failed = run.tensors().stream()
                .filter(t -> !t.passed())
                .sorted(Comparator.comparingDouble(t -> -t.units()))
                .toList();
        lines.add("  " + run.form() + ": " + failed.size() + " of "
                + run.tensors().size() + " tensors are wrong");
        failed.stream().limit(MOST_TENSORS).forEach(tensor -> lines.addAll(of(tensor)));
        if (failed.size() > MOST_TENSORS) {
            lines.add("    ... and " + (failed.size() - MOST_TENSORS) + " more tensors");
        }
        return lines;
    }

    private static List<String> of(TensorDifference tensor) {
        List<String> lines = new ArrayList<>();
        if (!tensor.problem().isEmpty()) {
            lines.add("    " + tensor.name() + " " + tensor.shape() + ": " + tensor.problem());
            return lines;
        }
        lines.add(String.format(
                Locale.ROOT,
                "    %s %s: %d of %d elements (%.1f%%) wrong, tolerance %s",
                tensor.name(),
                tensor.shape(),
                tensor.wrong(),
                tensor.elements(),
                100.0 * tensor.wrong() / tensor.elements(),
                bound(tensor.bound())));
        lines.add("      absolute error: " + spread(tensor.absolute()) + "; relative error: "
                + spread(tensor.relative()));
        for (Element element : tensor.worst()) {
            lines.add("      " + element(element));
        }
        return lines;
    }

    static String element(Element element) {
        return String.format(
                Locale.ROOT,
                "%s expected %s, got %s (%.3g times the tolerance)",
                element.index(),
                value(element.expected()),
                value(element.actual()),
                element.units());
    }

    static String bound(ErrorBound bound) {
        return bound.equals(ErrorBound.EXACT)
                ? "none (exact)"
                : String.format(Locale.ROOT, "%.2e + %.1e * |expected|", bound.absolute(), bound.relative());
    }

    static String spread(Spread spread) {
        return String.format(
                Locale.ROOT, "max %.3g, mean %.3g, median %.3g", spread.max(), spread.mean(), spread.median());
    }

    /** Whole numbers as such, others with enough digits to tell float32 values apart. */
    private static String value(double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1e9) {
            return Long.toString((long) value);
        }
        return String.format(Locale.ROOT, "%.9g", value);
    }
}
