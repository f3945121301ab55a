package dev.switchlab.tracking.store;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.OptionalLong;

/** Reads request bodies within limits. */
final class RequestBody {
    private static final int DRAIN_BYTES = 1 << 22;

    private RequestBody() {}

    /** The whole JSON body. MLflow asks for the content type, which also keeps cross-site forms out. */
    static byte[] json(HttpExchange exchange, long limit) throws IOException {
        long length = length(exchange).orElse(0);
        byte[] body = length > limit
                ? new byte[0]
                : exchange.getRequestBody().readNBytes((int) Math.min(limit + 1, Integer.MAX_VALUE - 8));
        if (length > limit || body.length > limit) {
            drain(exchange.getRequestBody());
            throw new ApiException(
                    ErrorCode.BAD_REQUEST, "The request is larger than the limit of " + limit + " bytes");
        }
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (type == null) {
            throw ApiException.invalid("Bad Request. Content-Type header is missing.");
        }
        if (!type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT).equals("application/json")) {
            throw ApiException.invalid("Bad Request. Content-Type must be one of ['application/json'].");
        }
        return body;
    }

    /** The announced size of the body in bytes. */
    static OptionalLong length(HttpExchange exchange) {
        String length = exchange.getRequestHeaders().getFirst("Content-Length");
        return length == null || !length.matches("\\d{1,18}")
                ? OptionalLong.empty()
                : OptionalLong.of(Long.parseLong(length));
    }

    /** Reads some of a refused body, so that a client that is still sending gets to see the response. */
    static void drain(InputStream body) throws IOException {
        // Not skip(): the JDK's body stream passes it to the connection's stream, past the end of the body.
        byte[] buffer = new byte[1 << 16];
        int left = DRAIN_BYTES;
        int count;
        while (left > 0 && (count = body.read(buffer)) >= 0) {
            left -= count;
        }
    }
}
