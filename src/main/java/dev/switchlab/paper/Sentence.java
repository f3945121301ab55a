package dev.switchlab.paper;

import dev.switchlab.analysis.MeanInterval;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a question's numbers say, in words that claim no more than the intervals do. */
final class Sentence {

    private final Answer answer;

    Sentence(Answer answer) {
        this.answer = answer;
    }

    /** For each baseline, which variants are better, which are worse, and of which that cannot be said. */
    String text() {
        List<Variant> baselines = answer.baselines();
        return baselines.isEmpty()
                ? "There is nothing to compare yet."
                : baselines.stream().map(this::against).collect(Collectors.joining(" "));
    }

    private String against(Variant baseline) {
        List<String> better = new ArrayList<>();
        List<String> worse = new ArrayList<>();
        List<String> inside = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        for (Variant variant : answer.variants()) {
            if (answer.baseline(variant).filter(baseline::equals).isEmpty()) {
                continue;
            }
            MeanInterval difference = variant.lessThan(baseline);
            String words = variant.name() + " (" + signed(difference) + ")";
            switch (verdict(difference)) {
                case "better" -> better.add(words);
                case "worse" -> worse.add(words);
                case "inside" -> inside.add(words);
                default -> unknown.add(variant.name());
            }
        }
        List<String> parts = new ArrayList<>();
        part(parts, "better: ", better);
        part(parts, "worse: ", worse);
        part(parts, "inside the interval, so no difference that these seeds show: ", inside);
        part(parts, "no interval, for want of two common seeds: ", unknown);
        return "Held against **" + baseline.name() + "** (" + baseline.score() + "), seed by seed: "
                + String.join("; ", parts) + ".";
    }

    private static void part(List<String> parts, String what, List<String> names) {
        if (!names.isEmpty()) {
            parts.add(what + String.join(", ", names));
        }
    }

    /** Such as {@code -0.0123 +- 0.0045}. */
    static String signed(MeanInterval difference) {
        if (difference.n() == 0 || Double.isNaN(difference.mean())) {
            return "";
        }
        String mean = String.format(Locale.ROOT, "%+.4f", difference.mean());
        return Double.isNaN(difference.halfWidth())
                ? mean
                : mean + String.format(Locale.ROOT, " +- %.4f", difference.halfWidth());
    }

    /** Whether a difference is one, in a word. */
    static String verdict(MeanInterval difference) {
        if (difference.n() < 2 || Double.isNaN(difference.halfWidth())) {
            return "";
        }
        return !difference.excludesZero() ? "inside" : difference.mean() < 0 ? "better" : "worse";
    }
}
