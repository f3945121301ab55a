package dev.switchlab.runs.mirror;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.base.Throwables;
import dev.switchlab.runs.Redactor;
import java.io.IOException;
import java.net.ConnectException;

/** A failed call to the server. The message is only the reason, without credentials. */
final class ServerException extends IOException {
    private static final long serialVersionUID = 1L;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** The consequence of a failure for the unsent data. */
    enum Kind {
        /** The call may succeed later: no connection, silence, 5xx, 429. */
        PASSING,
        /**
         * The server cannot be used, for example because of wrong credentials or because it is no MLflow server. Keep
         * the data and warn the user.
         */
        UNUSABLE,
        /** The server lacks the run or the experiment. Keep the data and warn the user. */
        MISSING,
        /** The server will never take this request. */
        REJECTED
    }

    private final Kind kind;
    private final int status;

    ServerException(Kind kind, String reason) {
        this(kind, reason, 0);
    }

    ServerException(Kind kind, String reason, Throwable cause) {
        super(reason, cause);
        this.kind = kind;
        this.status = 0;
    }

    private ServerException(Kind kind, String reason, int status) {
        super(reason);
        this.kind = kind;
        this.status = status;
    }

    /** Whether nobody listens at the server's address: waiting for an answer is of no use. */
    boolean isRefused() {
        return Throwables.getCausalChain(this).stream().anyMatch(ConnectException.class::isInstance);
    }

    Kind kind() {
        return kind;
    }

    /** The HTTP status; 0 without a response. */
    int status() {
        return status;
    }

    /**
     * Interprets an error response.
     *
     * @param status 400 to 599
     * @param body usually MLflow's JSON with an error code and a message
     */
    static ServerException ofAnswer(int status, String body, Redactor redactor) {
        JsonNode json = json(body);
        String errorCode = json.path("error_code").asText("");
        String message = firstLine(redactor.clean(json.path("message").asText("")));
        String said = message.isBlank() ? "" : ": " + message;
        String answered = "it answered HTTP " + status + said;
        if (status == 401 || status == 403) {
            String hint = " (" + Credentials.USERNAME + " and _PASSWORD, or " + Credentials.TOKEN + ")";
            return new ServerException(Kind.UNUSABLE, answered + hint, status);
        }
        if (status >= 500 || status == 429 || status == 408) {
            return new ServerException(Kind.PASSING, answered, status);
        }
        if (errorCode.isEmpty() && status != 413) {
            return new ServerException(Kind.UNUSABLE, answered + "; it is not an MLflow tracking server", status);
        }
        boolean missing = errorCode.equals("RESOURCE_DOES_NOT_EXIST");
        return new ServerException(missing ? Kind.MISSING : Kind.REJECTED, answered, status);
    }

    private static JsonNode json(String body) {
        try {
            return MAPPER.readTree(body);
        } catch (JsonProcessingException e) {
            return MAPPER.missingNode();
        }
    }

    private static String firstLine(String text) {
        String line = text.strip().lines().findFirst().orElse("");
        return line.length() <= 300 ? line : line.substring(0, 300) + "...";
    }
}
