package dev.switchlab.paper;

import dev.switchlab.analysis.MeanInterval;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a question's numbers say, in words that claim no more than the intervals do. */
final class Sentence {

    private final Answer answer;
    private final Variant baseline;

    Sentence(Answer answer, Variant baseline) {
        this.answer = answer;
        this.baseline = baseline;
    }

    /** Which variants are better than the baseline, which are worse, and of which that cannot be said. */
    String text() {
        List<String> better = new ArrayList<>();
        List<String> worse = new ArrayList<>();
        List<String> inside = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        for (Variant variant : answer.variants()) {
            if (variant.equals(baseline)) {
                continue;
            }
            MeanInterval difference = variant.lessThan(baseline);
            String words = variant.name() + " (" + signed(difference) + ")";
            if (difference.n() < 2 || Double.isNaN(difference.halfWidth())) {
                unknown.add(variant.name());
            } else if (!difference.excludesZero()) {
                inside.add(words);
            } else if (difference.mean() < 0) {
                better.add(words);
            } else {
                worse.add(words);
            }
        }
        List<String> parts = new ArrayList<>();
        part(parts, "better: ", better);
        part(parts, "worse: ", worse);
        part(parts, "inside the interval, so no difference that these seeds show: ", inside);
        part(parts, "no interval, for want of two common seeds: ", unknown);
        return "Held against **" + baseline.name() + "** (" + baseline.score() + "), seed by seed: "
                + (parts.isEmpty() ? "nothing else has run yet" : String.join("; ", parts)) + ".";
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
