package dev.switchlab.experiment;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Names as experiment files spell them: {@code dModel} is {@code d_model}, {@code PASS_THROUGH} is
 * {@code pass_through}.
 */
final class Names {
    private Names() {}

    static String of(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** All names of an enum: {@code none, learned, rotary}. */
    static String list(Class<? extends Enum<?>> type) {
        return all(type).stream().collect(Collectors.joining(", "));
    }

    static List<String> all(Class<? extends Enum<?>> type) {
        return Arrays.stream(type.getEnumConstants()).map(Names::of).toList();
    }

    static String snake(String camel) {
        return camel.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
    }
}
