package dev.switchlab.sweep;

import java.util.Map;
import java.util.stream.Collectors;

/** Commands as people type them. */
public final class MakeLine {

    private MakeLine() {}

    /**
     * Such as {@code make train EXPERIMENT=smoke SET='train.steps=5 model.heads=2'}; variables without a value are left
     * out.
     */
    public static String of(String target, Map<String, String> variables) {
        return "make " + target
                + variables.entrySet().stream()
                        .filter(variable -> !variable.getValue().isEmpty())
                        .map(variable -> " " + variable.getKey() + "=" + quote(variable.getValue()))
                        .collect(Collectors.joining());
    }

    /** One word of a shell. */
    public static String quote(String value) {
        return value.matches("[\\w.,:/@%+=-]+") ? value : "'" + value.replace("'", "'\\''") + "'";
    }
}
