package dev.switchlab.experiment;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Assignments from the command line: {@code model.n_experts=8 train.sample_prompt="To be"}. */
final class Overrides {
    private static final String EXAMPLE = "; write key=value, as in: model.n_experts=8 train.steps=500";

    /**
     * An assignment up to white space. A quote opens a value only right after {@code =}, so that apostrophes inside
     * words stay what they are; a quote that is not closed takes the rest of the text and leaves the second group
     * empty.
     */
    private static final Pattern ASSIGNMENT = Pattern.compile("(?s)(?:=([\"']).*?(\\1|\\z)|=|[^\\s=]+)+");

    private Overrides() {}

    /**
     * Reads assignments; values keep their text.
     *
     * @param assignments each with any number of assignments, separated by white space; values with white space stand
     *     in single or double quotes
     * @return settings by dotted key, in order
     */
    static Map<String, Given> parse(List<String> assignments) {
        Map<String, Given> settings = new LinkedHashMap<>();
        for (String text : assignments) {
            for (Matcher found = ASSIGNMENT.matcher(text); found.find(); ) {
                String assignment = found.group();
                if ("".equals(found.group(2))) {
                    throw new ExperimentException(
                            "override " + assignment + ": the quote " + found.group(1) + " is not closed" + EXAMPLE);
                }
                int equals = assignment.indexOf('=');
                if (equals <= 0) {
                    throw new ExperimentException("override " + assignment + ": not an assignment" + EXAMPLE);
                }
                String key = assignment.substring(0, equals);
                String value = unquote(assignment.substring(equals + 1));
                String place = "override " + assignment;
                Given earlier = settings.putIfAbsent(key, new Given(value.isEmpty() ? null : value, place));
                if (earlier != null) {
                    throw new ExperimentException(key, place + ": " + key + " is set twice; keep one");
                }
            }
        }
        return settings;
    }

    /** What {@link #parse} reads back, sorted by key. */
    static String write(Map<String, String> changes) {
        return new TreeMap<>(changes)
                .entrySet().stream()
                        .map(change -> change.getKey() + "=" + quote(change.getValue()))
                        .collect(Collectors.joining(" "));
    }

    private static String quote(String value) {
        boolean plain = !value.isEmpty()
                && value.chars().noneMatch(Character::isWhitespace)
                && !"\"'".contains(value.substring(0, 1));
        return plain ? value : value.indexOf('"') < 0 ? '"' + value + '"' : "'" + value + "'";
    }

    private static String unquote(String value) {
        char first = value.isEmpty() ? 0 : value.charAt(0);
        boolean quoted =
                value.length() >= 2 && (first == '"' || first == '\'') && value.charAt(value.length() - 1) == first;
        return quoted ? value.substring(1, value.length() - 1) : value;
    }
}
