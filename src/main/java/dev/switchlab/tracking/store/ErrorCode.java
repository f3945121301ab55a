package dev.switchlab.tracking.store;

/** MLflow's error codes that this server answers, with the HTTP status MLflow sends for each. */
enum ErrorCode {
    INVALID_PARAMETER_VALUE(400, "INVALID_PARAMETER_VALUE"),
    RESOURCE_ALREADY_EXISTS(400, "RESOURCE_ALREADY_EXISTS"),
    PERMISSION_DENIED(403, "PERMISSION_DENIED"),
    RESOURCE_DOES_NOT_EXIST(404, "RESOURCE_NOT_FOUND"),
    /** MLflow has no code of its own for an oversized body; the HTTP status tells it apart from other bad requests. */
    BAD_REQUEST(413, "BAD_REQUEST"),
    INVALID_STATE(500, "INVALID_STATE"),
    INTERNAL_ERROR(500, "INTERNAL_ERROR"),
    TEMPORARILY_UNAVAILABLE(503, "TEMPORARILY_UNAVAILABLE");

    private final int status;
    private final String errorClass;

    ErrorCode(int status, String errorClass) {
        this.status = status;
        this.errorClass = errorClass;
    }

    int status() {
        return status;
    }

    /** The {@code error_class} that MLflow 3.x sends beside the code. */
    String errorClass() {
        return errorClass;
    }
}
