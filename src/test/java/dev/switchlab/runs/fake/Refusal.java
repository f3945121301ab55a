package dev.switchlab.runs.fake;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** An answer of MLflow that says no. */
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;

    private Refusal(int status, String code, String message) {
        super(message);
        this.status = status;
        this.code = code;
    }

    static Refusal invalid(String message) {
        return new Refusal(400, "INVALID_PARAMETER_VALUE", message);
    }

    static Refusal exists(String message) {
        return new Refusal(400, "RESOURCE_ALREADY_EXISTS", message);
    }

    static Refusal missing(String message) {
        return new Refusal(404, "RESOURCE_DOES_NOT_EXIST", message);
    }

    /**
     * What MLflow answers to a NaN that it has already: it looks for the points that it has by value, and NaN equals
     * nothing.
     */
    static Refusal uniqueConstraint() {
        return new Refusal(
                400,
                "BAD_REQUEST",
                "(sqlite3.IntegrityError) UNIQUE constraint failed: metrics.key, metrics.timestamp, metrics.step,"
                        + " metrics.run_uuid, metrics.value, metrics.is_nan");
    }

    int status() {
        return status;
    }

    ObjectNode body() {
        return FakeStore.JSON.createObjectNode().put("error_code", code).put("message", getMessage());
    }
}
