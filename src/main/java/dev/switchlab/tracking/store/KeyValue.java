package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;

/** A param or a tag. */
record KeyValue(String key, String value) {
    /** Writes the list as field {@code name}; nothing when it is empty, as protobuf does. */
    static void write(JsonGenerator out, String name, List<KeyValue> pairs) throws IOException {
        if (pairs.isEmpty()) {
            return;
        }
        out.writeArrayFieldStart(name);
        for (KeyValue pair : pairs) {
            out.writeStartObject();
            out.writeStringField("key", pair.key());
            out.writeStringField("value", pair.value());
            out.writeEndObject();
        }
        out.writeEndArray();
    }
}
