package dev.switchlab.tracking.store;

/** A request that is answered with an MLflow error; rolls back the transaction it is thrown in. */
final class ApiException extends RuntimeException {
    private final ErrorCode code;

    ApiException(ErrorCode code, String message) {
        super(message);
        this.code = code;
    }

    ApiException(ErrorCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    static ApiException invalid(String message) {
        return new ApiException(ErrorCode.INVALID_PARAMETER_VALUE, message);
    }

    static ApiException missing(String message) {
        return new ApiException(ErrorCode.RESOURCE_DOES_NOT_EXIST, message);
    }

    ErrorCode code() {
        return code;
    }
}
