package dev.switchlab.paper;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A question and what is known of it.
 *
 * @param question the question
 * @param variants those that have a finished run, in the question's order
 * @param missing runs that are not there yet
 */
public record Answer(Question question, List<Variant> variants, int missing) {

    /** The variant that others are held against; empty while it has no run. */
    Optional<Variant> baseline() {
        return variants.stream()
                .filter(variant -> variant.name().equals(question.baseline()))
                .findFirst();
    }

    /** The one with the least mean. */
    Optional<Variant> best() {
        return variants.stream()
                .filter(variant -> Double.isFinite(variant.score().mean()))
                .min(Comparator.comparingDouble(variant -> variant.score().mean()));
    }

    /** Its letter, by which figures name it: A, B, ... */
    String letter(Variant variant) {
        int index = variants.indexOf(variant);
        return index < 26 ? Character.toString('A' + index) : "V" + (index + 1);
    }
}
