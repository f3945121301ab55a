package dev.switchlab.tracking.store;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** MLflow's page tokens: base64 of {@code {"offset": N}}. */
final class PageToken {
    private static final Pattern OFFSET = Pattern.compile("\\{\\s*\"offset\"\\s*:\\s*(\\d{1,15})\\s*}");

    private PageToken() {}

    /** The offset in the request's page_token; 0 without one. */
    static long offset(RequestMessage request) {
        String token = request.string("page_token", "");
        if (token.isEmpty()) {
            return 0;
        }
        try {
            Matcher json = OFFSET.matcher(new String(Base64.getDecoder().decode(token), StandardCharsets.UTF_8));
            if (json.matches()) {
                return Long.parseLong(json.group(1));
            }
        } catch (IllegalArgumentException e) {
            throw new ApiException(ErrorCode.INVALID_PARAMETER_VALUE, "Invalid page token, could not base64-decode", e);
        }
        throw ApiException.invalid(
                "Invalid page token '" + token + "'; allowed: a next_page_token of an earlier response");
    }

    /** Writes next_page_token when there is a next page, which starts at {@code offset}. */
    static void write(JsonGenerator out, boolean hasNext, long offset) throws IOException {
        if (hasNext) {
            byte[] json = ("{\"offset\": " + offset + "}").getBytes(StandardCharsets.UTF_8);
            out.writeStringField("next_page_token", Base64.getEncoder().encodeToString(json));
        }
    }
}
