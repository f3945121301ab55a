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
 * @param threads of each run
 */
public record Answer(Question question, List<Variant> variants, int missing, int threads) {

    /** What a variant is held against; empty for what is held against nothing, and while that has no run. */
    Optional<Variant> baseline(Variant variant) {
        String name = question.against().getOrDefault(variant.name(), question.baseline());
        return variants.stream()
                .filter(other -> other.name().equals(name) && !other.equals(variant))
                .findFirst();
    }

    /** The variants that others are held against, the question's baseline first. */
    List<Variant> baselines() {
        return variants.stream()
                .filter(other -> variants.stream()
                        .anyMatch(variant ->
                                baseline(variant).filter(other::equals).isPresent()))
                .sorted(Comparator.comparing(other -> !other.name().equals(question.baseline())))
                .toList();
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
