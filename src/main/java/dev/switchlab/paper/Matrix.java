package dev.switchlab.paper;

import dev.switchlab.analysis.MeanInterval;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Variants whose names end in a number of experts, such as {@code "dense, equal time, 8 experts"}, as lines along that
 * number. A name without it, such as {@code dense}, holds for all numbers.
 */
final class Matrix {

    private static final Pattern NAME = Pattern.compile("(.+?),? (\\d+) experts?");

    private final Map<String, Map<Integer, Variant>> lines = new LinkedHashMap<>();
    private final Map<String, Variant> constant = new LinkedHashMap<>();
    private final TreeSet<Integer> numbers = new TreeSet<>();

    Matrix(List<Variant> variants) {
        for (Variant variant : variants) {
            Matcher name = NAME.matcher(variant.name());
            if (name.matches()) {
                int number = Integer.parseInt(name.group(2));
                numbers.add(number);
                lines.computeIfAbsent(name.group(1), line -> new LinkedHashMap<>())
                        .put(number, variant);
            } else {
                constant.put(variant.name(), variant);
            }
        }
    }

    /** All numbers, ascending. */
    List<Integer> numbers() {
        return List.copyOf(numbers);
    }

    /** All lines, those that hold for all numbers first. */
    List<String> names() {
        List<String> names = new ArrayList<>(constant.keySet());
        names.addAll(lines.keySet());
        return names;
    }

    /** The first that changes with the number; empty if none does. */
    Optional<String> firstLine() {
        return lines.keySet().stream().findFirst();
    }

    /** A line at a number. */
    Optional<Variant> at(String line, int number) {
        return constant.containsKey(line)
                ? Optional.of(constant.get(line))
                : Optional.ofNullable(lines.getOrDefault(line, Map.of()).get(number));
    }

    /**
     * A Markdown table: one line less each other, a row for each number. Negative numbers are in its favour.
     *
     * @param line that is held against the others
     */
    String differences(String line) {
        List<String> others =
                names().stream().filter(name -> !name.equals(line)).toList();
        StringBuilder text = new StringBuilder("| experts | " + line + " | less " + String.join(" | less ", others)
                + " |\n|" + " --- |".repeat(others.size() + 2) + "\n");
        for (int number : numbers) {
            Optional<Variant> own = at(line, number);
            text.append("| ")
                    .append(number)
                    .append(" | ")
                    .append(own.map(variant -> variant.score().toString()).orElse(""));
            for (String other : others) {
                Optional<Variant> against = at(other, number);
                text.append(" | ");
                if (own.isPresent() && against.isPresent()) {
                    MeanInterval difference = own.get().lessThan(against.get());
                    text.append(Sentence.signed(difference)).append(mark(Sentence.verdict(difference)));
                }
            }
            text.append(" |\n");
        }
        return text.toString();
    }

    private static String mark(String verdict) {
        return verdict.isEmpty() ? "" : " " + verdict;
    }
}
