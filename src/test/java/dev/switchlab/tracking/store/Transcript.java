package dev.switchlab.tracking.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** A recorded conversation with a real MLflow server, in which long arrays are cut to 3 elements and long strings to a prefix. */
record Transcript(List<Exchange> exchanges) {
    static final String OMITTED = "__omitted__";
    private static final Pattern CUT = Pattern.compile("(?s)(.*)\\.\\.\\.__(\\d+)_chars__");

    record Exchange(
            int number,
            String call,
            String method,
            String path,
            JsonNode request,
            int status,
            String type,
            JsonNode response) {
        /** The request's body as sent. */
        String body() {
            if (request.has("text")) {
                return request.get("text").asText();
            }
            return request.has("json") ? restored(request.get("json")).toString() : "";
        }
    }

    static Transcript load(String version) {
        try (InputStream in = Transcript.class.getResourceAsStream("transcript-" + version + ".json")) {
            List<Exchange> exchanges = new ArrayList<>();
            for (JsonNode node : StoreClient.MAPPER.readTree(in).get("exchanges")) {
                exchanges.add(new Exchange(
                        exchanges.size(),
                        node.get("call").asText(),
                        node.get("method").asText(),
                        node.get("path").asText() + query(node.get("query")),
                        node.get("request"),
                        node.get("status").asInt(),
                        node.get("contentType").asText(),
                        node.get("response")));
            }
            return new Transcript(exchanges);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String query(JsonNode pairs) {
        List<String> parts = StreamSupport.stream(pairs.spliterator(), false)
                .map(pair -> StoreClient.query(
                                Map.of(pair.get(0).asText(), pair.get(1).asText()))
                        .substring(1))
                .toList();
        return parts.isEmpty() ? "" : "?" + String.join("&", parts);
    }

    /** The length of a cut string, or -1 when it is whole. */
    static int cutLength(String text) {
        Matcher cut = CUT.matcher(text);
        return cut.matches() ? Integer.parseInt(cut.group(2)) : -1;
    }

    /** The part of a cut string that was recorded. */
    static String prefix(String text) {
        Matcher cut = CUT.matcher(text);
        return cut.matches() ? cut.group(1) : text;
    }

    /** A request with what was cut filled in: the recording client repeated one letter, and counted its metrics, params and tags. */
    private static JsonNode restored(JsonNode node) {
        if (node.isTextual() && cutLength(node.textValue()) >= 0) {
            String letter = node.textValue().substring(0, 1);
            return StoreClient.MAPPER.getNodeFactory().textNode(letter.repeat(cutLength(node.textValue())));
        }
        if (node instanceof ObjectNode object) {
            ObjectNode result = object.objectNode();
            object.properties().forEach(field -> result.set(field.getKey(), restored(field.getValue())));
            return result;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode result = array.arrayNode();
            for (JsonNode element : array) {
                if (element.has(OMITTED)) {
                    int size = result.size() + element.get(OMITTED).asInt();
                    for (int i = result.size(); i < size; i++) {
                        result.add(counted(result.get(0), i));
                    }
                } else {
                    result.add(restored(element));
                }
            }
            return result;
        }
        return node;
    }

    private static ObjectNode counted(JsonNode first, int i) {
        ObjectNode item = StoreClient.MAPPER.createObjectNode();
        String letter = first.get("key").asText().substring(0, 1);
        if (first.has("timestamp")) {
            item.put("key", letter + i % 4);
            item.put("value", i * 0.125);
            item.put("timestamp", Long.toString(first.get("timestamp").asLong() + i));
            item.put("step", Integer.toString(i / 4));
        } else {
            item.put("key", letter + i);
            item.put("value", "v" + i);
        }
        return item;
    }
}
