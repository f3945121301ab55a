package dev.switchlab.paper;

import dev.switchlab.analysis.Setting;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Variants as lines along a number of experts, in which their names end, such as {@code "dense, equal time, 8
 * experts"}. A name without a number, such as {@code dense}, holds for all numbers.
 */
final class Matrix {

    private static final Pattern NAME = Pattern.compile("(.+?),? (\\d+) experts?");

    private final Map<String, Setting> constant = new LinkedHashMap<>();
    private final Map<String, Map<Integer, Setting>> lines = new LinkedHashMap<>();
    private final TreeSet<Integer> numbers = new TreeSet<>();

    Matrix(List<Setting> variants) {
        for (Setting variant : variants) {
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

    /** The first line that changes with the number; empty if there is none. */
    Optional<String> firstLine() {
        return lines.keySet().stream().findFirst();
    }

    /** A line at a number. */
    Optional<Setting> at(String line, int number) {
        return constant.containsKey(line)
                ? Optional.of(constant.get(line))
                : Optional.ofNullable(lines.getOrDefault(line, Map.of()).get(number));
    }
}
