package dev.switchlab.safetensors;

import static dev.switchlab.safetensors.SafetensorsException.quote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Parses the JSON header, token by token: what does not belong there is refused before it takes memory. */
final class Header {
    static final String METADATA = "__metadata__";
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final int MAX_RANK = 64;

    /** A tensor's entry; begin and end count from the first byte after the header. */
    record Entry(String name, Dtype dtype, List<Long> shape, long begin, long end) {
        long[] sizes() {
            return shape.stream().mapToLong(Long::longValue).toArray();
        }
    }

    final Map<String, String> metadata = new LinkedHashMap<>();
    final Map<String, Entry> entries = new LinkedHashMap<>();
    private final String file;
    private final JsonParser parser;

    private Header(String file, JsonParser parser) {
        this.file = file;
        this.parser = parser;
    }

    static Header parse(String file, String json) throws SafetensorsException {
        try (JsonParser parser = JSON.createParser(json)) {
            Header header = new Header(file, parser);
            header.readTop();
            return header;
        } catch (SafetensorsException e) {
            throw e;
        } catch (JsonProcessingException e) {
            String reason = e.getOriginalMessage().lines().findFirst().orElse("");
            throw new SafetensorsException(file + ": the header is not valid JSON: " + reason, e);
        } catch (IOException e) {
            throw new SafetensorsException(file + ": cannot parse the header: " + e.getMessage(), e);
        }
    }

    private void readTop() throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw wrong("the header is not a JSON object");
        }
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            if (name.equals(METADATA)) {
                readMetadata();
            } else {
                entries.put(name, readEntry(name));
            }
        }
        if (parser.nextToken() != null) {
            throw wrong("there is more after the header's JSON object");
        }
    }

    private void readMetadata() throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw wrong(METADATA + " is not an object of strings");
        }
        for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
            String value = parser.nextTextValue();
            if (value == null) {
                throw wrong(METADATA + " " + quote(key) + " is not a string");
            }
            metadata.put(key, value);
        }
    }

    private Entry readEntry(String name) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw wrong(name, "is not an object with dtype, shape and data_offsets");
        }
        Dtype dtype = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
            switch (key) {
                case "dtype" -> dtype = readDtype(name);
                case "shape" -> shape = readSizes(name, key);
                case "data_offsets" -> offsets = readSizes(name, key);
                default -> throw wrong(name, "has the unknown key " + quote(key));
            }
        }
        if (dtype == null || shape == null || offsets == null) {
            String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
            throw wrong(name, "has no " + missing);
        }
        if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
            throw wrong(name, "has data_offsets " + offsets + ", not [begin, end]");
        }
        return new Entry(name, dtype, shape, offsets.get(0), offsets.get(1));
    }

    private Dtype readDtype(String name) throws IOException {
        String text = parser.nextTextValue();
        if (text == null) {
            throw wrong(name, "has a dtype that is not a string");
        }
        return Dtype.ofName(text)
                .orElseThrow(() ->
                        wrong(name, "has the dtype " + quote(text) + "; known are " + Arrays.toString(Dtype.values())));
    }

    private List<Long> readSizes(String name, String key) throws IOException {
        if (parser.nextToken() != JsonToken.START_ARRAY) {
            throw wrong(name, "has a " + key + " that is not a list");
        }
        List<Long> sizes = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
                throw wrong(name, "has a " + key + " with something else than whole numbers");
            }
            if (sizes.size() == MAX_RANK) {
                throw wrong(name, "has a " + key + " with more than " + MAX_RANK + " numbers");
            }
            JsonParser.NumberType type = parser.getNumberType();
            if (type == JsonParser.NumberType.BIG_INTEGER || parser.getLongValue() < 0) {
                throw wrong(
                        name, "has " + quote(parser.getText()) + " in its " + key + ", not a size from 0 to 2^63 - 1");
            }
            sizes.add(parser.getLongValue());
        }
        return sizes;
    }

    private SafetensorsException wrong(String what) {
        return new SafetensorsException(file + ": " + what);
    }

    private SafetensorsException wrong(String tensor, String what) {
        return wrong("tensor " + quote(tensor) + " " + what);
    }
}
