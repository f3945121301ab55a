package dev.switchlab.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * Reads a YAML document of nested sections into a flat map, {@code "model.heads" -> 4}, and remembers each key's line.
 *
 * <p>Values stay text, because YAML's own guesses (1e-8 is a string, 010 is eight) are not what an experiment or sweep
 * file means.
 */
public final class YamlReader {
    private static final YAMLFactory YAML = new YAMLFactory();

    private final YAMLParser parser;
    private final String source;
    private final String example;
    private final Map<String, Value> values = new LinkedHashMap<>();

    /**
     * A value as written.
     *
     * @param texts one text, or those of a list; an empty text for a key without a value
     * @param isList whether the value is a list
     * @param hasText false for a key without a value
     * @param place such as {@code experiments/smoke.yaml:7}
     */
    public record Value(List<String> texts, boolean isList, boolean hasText, String place) {}

    private YamlReader(YAMLParser parser, String source, String example) {
        this.parser = parser;
        this.source = source;
        this.example = example;
    }

    /**
     * Reads an experiment, which has no lists.
     *
     * @param source what the messages call the document, usually its path
     * @return settings by dotted key, in file order; modifiable
     */
    static Map<String, Given> read(String yaml, String source) {
        Map<String, Given> settings = new LinkedHashMap<>();
        readValues(yaml, source, "semantics: paper").forEach((key, value) -> {
            if (value.isList()) {
                throw new ExperimentException(
                        key, value.place() + ": " + key + " is a list; allowed: one value; example: heads: 4");
            }
            settings.put(key, new Given(value.hasText() ? value.texts().get(0) : null, value.place()));
        });
        return settings;
    }

    /**
     * Reads a document that may have lists of texts.
     *
     * @param source what the messages call the document, usually its path
     * @param example a line of such a document, for the messages
     * @return values by dotted key, in file order
     * @throws ExperimentException in one line, for other content
     */
    public static Map<String, Value> readValues(String yaml, String source, String example) {
        try (YAMLParser parser = YAML.createParser(yaml)) {
            YamlReader reader = new YamlReader(parser, source, example);
            reader.document();
            return reader.values;
        } catch (JsonProcessingException e) {
            throw syntaxError(e, source);
        } catch (IOException e) {
            throw new ExperimentException(source + ": cannot be read: " + e.getMessage());
        }
    }

    private void document() throws IOException {
        JsonToken first = parser.nextToken();
        if (first == null) {
            throw new ExperimentException(source + ": empty; allowed: lines of key: value; example: " + example);
        }
        if (first != JsonToken.START_OBJECT) {
            throw error("not a mapping; allowed: lines of key: value; example: " + example);
        }
        section("");
        if (parser.nextToken() != null) {
            throw error("a second YAML document; allowed: one");
        }
    }

    private void section(String prefix) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = prefix + parser.currentName();
            String place = place();
            JsonToken token = parser.nextToken();
            if (token == JsonToken.START_OBJECT) {
                section(key + ".");
            } else if (token == JsonToken.START_ARRAY) {
                put(key, new Value(list(key), true, true, place));
            } else {
                put(key, new Value(List.of(text(key)), false, token != JsonToken.VALUE_NULL, place));
            }
        }
    }

    private List<String> list(String key) throws IOException {
        List<String> texts = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            if (token.isStructStart()) {
                throw new ExperimentException(
                        key, place() + ": " + key + " has a list or section in a list; allowed: single values");
            }
            texts.add(text(key));
        }
        return texts;
    }

    private String text(String key) throws IOException {
        if (parser.isCurrentAlias() || parser.getObjectId() != null) {
            throw new ExperimentException(
                    key,
                    place() + ": " + key + " uses a YAML anchor or alias; experiments share settings by extends: <id>");
        }
        return parser.currentToken() == JsonToken.VALUE_NULL ? "" : parser.getText();
    }

    private void put(String key, Value value) {
        Value earlier = values.putIfAbsent(key, value);
        if (earlier != null) {
            throw new ExperimentException(
                    key, value.place() + ": " + key + " is set twice, first at " + earlier.place() + "; keep one");
        }
    }

    private ExperimentException error(String problem) {
        return new ExperimentException(place() + ": " + problem);
    }

    private String place() {
        return source + ":" + parser.currentTokenLocation().getLineNr();
    }

    private static ExperimentException syntaxError(JsonProcessingException e, String source) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof MarkedYAMLException marked && marked.getProblemMark() != null) {
                int line = marked.getProblemMark().getLine() + 1;
                return new ExperimentException(source + ":" + line + ": not valid YAML: " + marked.getProblem());
            }
        }
        int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
        return new ExperimentException(source + ":" + line + ": not valid YAML: " + e.getOriginalMessage());
    }
}
