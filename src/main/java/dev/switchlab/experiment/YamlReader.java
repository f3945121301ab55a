package dev.switchlab.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * Reads a YAML document of nested sections into a flat map, {@code "model.heads" -> 4}, and remembers each key's line.
 *
 * <p>Values stay text, because YAML's own guesses (1e-8 is a string, 010 is eight) are not what an experiment file
 * means.
 */
final class YamlReader {
    private static final YAMLFactory YAML = new YAMLFactory();

    private final YAMLParser parser;
    private final String source;
    private final Map<String, Setting> settings = new LinkedHashMap<>();

    private YamlReader(YAMLParser parser, String source) {
        this.parser = parser;
        this.source = source;
    }

    /**
     * Reads one document.
     *
     * @param source what the messages call the document, usually its path
     * @return settings by dotted key, in file order; modifiable
     */
    static Map<String, Setting> read(String yaml, String source) {
        try (YAMLParser parser = YAML.createParser(yaml)) {
            YamlReader reader = new YamlReader(parser, source);
            reader.document();
            return reader.settings;
        } catch (JsonProcessingException e) {
            throw syntaxError(e, source);
        } catch (IOException e) {
            throw new ExperimentException(source + ": cannot be read: " + e.getMessage());
        }
    }

    private void document() throws IOException {
        JsonToken first = parser.nextToken();
        if (first == null) {
            throw new ExperimentException(source + ": empty; an experiment file has settings, as in: semantics: paper");
        }
        if (first != JsonToken.START_OBJECT) {
            throw error("not a mapping; an experiment file has lines of key: value, as in: semantics: paper");
        }
        section("");
        if (parser.nextToken() != null) {
            throw error("a second YAML document; an experiment file has one");
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
                throw new ExperimentException(
                        key, place + ": " + key + " is a list; allowed: one value; example: heads: 4");
            } else if (parser.isCurrentAlias() || parser.getObjectId() != null) {
                throw new ExperimentException(
                        key, place + ": " + key + " uses a YAML anchor or alias; use extends: <id> to share settings");
            } else {
                put(key, new Setting(token == JsonToken.VALUE_NULL ? null : parser.getText(), place));
            }
        }
    }

    private void put(String key, Setting setting) {
        Setting earlier = settings.putIfAbsent(key, setting);
        if (earlier != null) {
            throw new ExperimentException(
                    key, setting.place() + ": " + key + " is set twice, first at " + earlier.place() + "; keep one");
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
