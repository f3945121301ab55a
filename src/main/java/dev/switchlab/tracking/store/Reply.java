package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Sends whole responses. */
final class Reply {
    static final String HTML = "text/html; charset=utf-8";
    private static final JsonFactory JSON = new JsonFactory();

    private Reply() {}

    /** What goes between the braces of a JSON response. */
    interface Fields<E extends Exception> {
        void write(JsonGenerator out) throws IOException, E;
    }

    /** A JSON object in UTF-8. It is built whole, so that a failure in the middle can still become an error response. */
    static <E extends Exception> byte[] object(Fields<E> fields) throws IOException, E {
        try (ByteArrayBuilder bytes = new ByteArrayBuilder();
                JsonGenerator out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            fields.write(out);
            out.writeEndObject();
            out.flush();
            return bytes.toByteArray();
        }
    }

    static void json(HttpExchange exchange, int status, byte[] body) throws IOException {
        send(exchange, status, "application/json", body);
    }

    static void error(HttpExchange exchange, ErrorCode code, String message) throws IOException {
        byte[] body = Reply.<RuntimeException>object(out -> {
            out.writeStringField("error_code", code.name());
            out.writeStringField("message", message);
            out.writeStringField("sqlstate", "KAM00");
            out.writeStringField("error_class", code.errorClass());
        });
        json(exchange, code.status(), body);
    }

    static void text(HttpExchange exchange, int status, String type, String body) throws IOException {
        send(exchange, status, type, body.getBytes(StandardCharsets.UTF_8));
    }

    private static void send(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }
}
