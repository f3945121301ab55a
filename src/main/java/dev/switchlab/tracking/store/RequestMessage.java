package dev.switchlab.tracking.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The fields of one request, from its JSON body or its query, read by MLflow's rules: 64-bit integers may be strings, doubles may be the
 * strings NaN, Infinity and -Infinity, an empty required string counts as missing, unknown fields are ignored.
 */
final class RequestMessage {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String SEE_DOCS = " See the API docs for more information about request parameters.";

    private final JsonNode fields;

    private RequestMessage(JsonNode fields) {
        this.fields = fields;
    }

    /** A JSON body. MLflow takes a body that is not a JSON object for an empty message, and so does this. */
    static RequestMessage ofJson(byte[] body) {
        try {
            JsonNode node = MAPPER.readTree(body);
            return new RequestMessage(node != null && node.isObject() ? node : JsonNodeFactory.instance.objectNode());
        } catch (IOException e) {
            return new RequestMessage(JsonNodeFactory.instance.objectNode());
        }
    }

    /** A raw query string; a repeated name is a list. */
    static RequestMessage ofQuery(String rawQuery) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        if (rawQuery != null) {
            for (String pair : rawQuery.split("&", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    node.withArray(decode(pair.substring(0, equals))).add(decode(pair.substring(equals + 1)));
                }
            }
        }
        ObjectNode flat = JsonNodeFactory.instance.objectNode();
        node.properties().forEach(field -> {
            JsonNode values = field.getValue();
            flat.set(field.getKey(), values.size() == 1 ? values.get(0) : values);
        });
        return new RequestMessage(flat);
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new ApiException(
                    ErrorCode.INVALID_PARAMETER_VALUE, "Invalid percent-encoding in the query: '" + text + "'", e);
        }
    }

    boolean has(String name) {
        return fields.hasNonNull(name);
    }

    /** A string field; missing and empty are errors. */
    String requiredString(String name) {
        String value = string(name, "");
        if (value.isEmpty()) {
            throw missing(name);
        }
        return value;
    }

    /** The first of two names that is present, for ids that were renamed, such as run_uuid and run_id. */
    String requiredString(String name, String formerName) {
        return has(name) ? requiredString(name) : has(formerName) ? requiredString(formerName) : requiredString(name);
    }

    /** A string field or its default. */
    String string(String name, String absent) {
        if (!has(name)) {
            return absent;
        }
        JsonNode node = fields.get(name);
        if (!node.isTextual()) {
            throw wrongType(name, node);
        }
        return node.textValue();
    }

    Optional<String> optionalString(String name) {
        return has(name) ? Optional.of(string(name, "")) : Optional.empty();
    }

    /** An id, which clients send as a string or as a number. */
    String requiredId(String name) {
        return has(name) && fields.get(name).isIntegralNumber()
                ? fields.get(name).asText()
                : requiredString(name);
    }

    long requiredLong(String name) {
        if (!has(name)) {
            throw missing(name);
        }
        return optionalLong(name).orElseThrow();
    }

    Optional<Long> optionalLong(String name) {
        if (!has(name)) {
            return Optional.empty();
        }
        JsonNode node = fields.get(name);
        if (node.isIntegralNumber() && node.canConvertToLong()) {
            return Optional.of(node.longValue());
        }
        if (node.isFloatingPointNumber() && node.doubleValue() == (long) node.doubleValue()) {
            return Optional.of((long) node.doubleValue());
        }
        if (node.isTextual()) {
            try {
                return Optional.of(Long.parseLong(node.textValue()));
            } catch (NumberFormatException e) {
                throw wrongType(name, node);
            }
        }
        throw wrongType(name, node);
    }

    double requiredDouble(String name) {
        if (!has(name)) {
            throw missing(name);
        }
        JsonNode node = fields.get(name);
        if (node.isNumber()) {
            return node.doubleValue();
        }
        if (node.isTextual() && !node.textValue().isBlank()) {
            // Double.parseDouble also takes NaN, Infinity and -Infinity, but its suffixes d and f are Java's own.
            char last = node.textValue().charAt(node.textValue().length() - 1);
            if (Character.isDigit(last) || last == '.' || last == 'N' || last == 'y') {
                try {
                    return Double.parseDouble(node.textValue());
                } catch (NumberFormatException e) {
                    throw wrongType(name, node);
                }
            }
        }
        throw wrongType(name, node);
    }

    /** A page size: its default when absent, an error outside 1 to {@code largest}. */
    int maxResults(int absent, int largest) {
        long value = optionalLong("max_results").orElse((long) absent);
        if (value < 1 || value > largest) {
            throw ApiException.invalid("Invalid value " + value
                    + " for parameter 'max_results' supplied:  Hint: Value was of type 'int'." + SEE_DOCS);
        }
        return (int) value;
    }

    /** A list of strings; a single value counts as a list of one, as in a query. */
    List<String> strings(String name) {
        List<String> values = new ArrayList<>();
        for (JsonNode node : elements(name)) {
            if (!node.isTextual() && !node.isIntegralNumber()) {
                throw wrongType(name, fields.get(name));
            }
            values.add(node.asText());
        }
        return values;
    }

    /** A list of nested messages. */
    List<RequestMessage> messages(String name) {
        List<RequestMessage> values = new ArrayList<>();
        for (JsonNode node : elements(name)) {
            if (!node.isObject()) {
                throw wrongType(name, fields.get(name));
            }
            values.add(new RequestMessage(node));
        }
        return values;
    }

    /** A nested message, empty when absent. */
    RequestMessage message(String name) {
        if (!has(name)) {
            return new RequestMessage(JsonNodeFactory.instance.objectNode());
        }
        if (!fields.get(name).isObject()) {
            throw wrongType(name, fields.get(name));
        }
        return new RequestMessage(fields.get(name));
    }

    /** The error for a field whose value is not one of the allowed ones. */
    ApiException invalidValue(String name) {
        return wrongType(name, fields.get(name));
    }

    private Iterable<JsonNode> elements(String name) {
        if (!has(name)) {
            return List.of();
        }
        JsonNode node = fields.get(name);
        if (node.isObject()) {
            throw wrongType(name, node);
        }
        return node.isArray() ? node : List.of(node);
    }

    private static ApiException missing(String name) {
        return ApiException.invalid("Missing value for required parameter '" + name + "'." + SEE_DOCS);
    }

    private static ApiException wrongType(String name, JsonNode node) {
        String type;
        if (node.isTextual()) {
            type = "str";
        } else if (node.isIntegralNumber()) {
            type = "int";
        } else if (node.isNumber()) {
            type = "float";
        } else if (node.isBoolean()) {
            type = "bool";
        } else {
            type = node.isArray() ? "list" : "dict";
        }
        return ApiException.invalid("Invalid value " + Names.cut(node.toString(), 200) + " for parameter '" + name
                + "' supplied:  Hint: Value was of type '" + type + "'." + SEE_DOCS);
    }
}
