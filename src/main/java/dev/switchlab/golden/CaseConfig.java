package dev.switchlab.golden;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.switchlab.io.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The {@code config} of a case: every flag and shape. A setting that is missing or of another type is a
 * {@link GoldenException}.
 */
final class CaseConfig {
    private final JsonNode settings;

    private CaseConfig(JsonNode settings) {
        this.settings = settings;
    }

    static CaseConfig parse(String json) {
        JsonNode node;
        try {
            node = Json.MAPPER.readTree(json);
        } catch (JsonProcessingException e) {
            throw new GoldenException(
                    "config is not valid JSON: "
                            + e.getOriginalMessage().lines().findFirst().orElse(""),
                    e);
        }
        if (!node.isObject()) {
            throw new GoldenException("config is not a JSON object");
        }
        return new CaseConfig(node);
    }

    boolean has(String key) {
        return settings.hasNonNull(key);
    }

    int integer(String key) {
        JsonNode value = required(key);
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            throw wrong(key, value, "a whole number");
        }
        return value.intValue();
    }

    /** A count of something that the case has at least one of. */
    int size(String key) {
        int value = integer(key);
        if (value < 1) {
            throw wrong(key, required(key), "at least 1");
        }
        return value;
    }

    int integer(String key, int otherwise) {
        return has(key) ? integer(key) : otherwise;
    }

    double number(String key) {
        JsonNode value = required(key);
        if (!value.isNumber()) {
            throw wrong(key, value, "a number");
        }
        return value.doubleValue();
    }

    double number(String key, double otherwise) {
        return has(key) ? number(key) : otherwise;
    }

    boolean flag(String key) {
        JsonNode value = required(key);
        if (!value.isBoolean()) {
            throw wrong(key, value, "true or false");
        }
        return value.booleanValue();
    }

    boolean flag(String key, boolean otherwise) {
        return has(key) ? flag(key) : otherwise;
    }

    String text(String key) {
        JsonNode value = required(key);
        if (!value.isTextual()) {
            throw wrong(key, value, "text");
        }
        return value.textValue();
    }

    Optional<String> optionalText(String key) {
        return has(key) ? Optional.of(text(key)) : Optional.empty();
    }

    /** One of an enum's constants by its lower-case name. */
    <E extends Enum<E>> E choice(String key, Class<E> type) {
        List<String> known = new ArrayList<>();
        for (E constant : type.getEnumConstants()) {
            String name = constant.name().toLowerCase(Locale.ROOT);
            if (name.equals(text(key))) {
                return constant;
            }
            known.add(name);
        }
        throw wrong(key, required(key), "one of " + String.join(", ", known));
    }

    <E extends Enum<E>> E choice(String key, E otherwise) {
        return has(key) ? choice(key, otherwise.getDeclaringClass()) : otherwise;
    }

    /** Element {@code index} of a list of numbers. */
    double element(String key, int index) {
        JsonNode value = required(key);
        if (!value.isArray() || !value.path(index).isNumber()) {
            throw wrong(key, value, "a list of numbers");
        }
        return value.get(index).doubleValue();
    }

    private JsonNode required(String key) {
        if (!has(key)) {
            throw new GoldenException("config has no '" + key + "'");
        }
        return settings.get(key);
    }

    private static GoldenException wrong(String key, JsonNode value, String wanted) {
        String shown = value.toString();
        return new GoldenException("config " + key + " is "
                + (shown.length() > 60 ? shown.substring(0, 60) + "..." : shown) + ", not " + wanted);
    }
}
