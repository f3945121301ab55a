package dev.switchlab.tracking.store;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;

/** A path below the artifacts' folder that names no other place, however it is encoded. */
record ArtifactPath(List<String> segments) {
    private static final String SCHEME = "mlflow-artifacts:/";
    private static final String NO_AUTHORITY = "mlflow-artifacts:///";
    private static final int MAX_DECODINGS = 8;

    /** The path from its percent-encoded form in a URL. */
    static ArtifactPath ofEncoded(String encoded) {
        return of(decode(encoded));
    }

    /**
     * The path from its plain form; empty for the folder itself. A trailing slash is ignored.
     *
     * @throws ApiException if it is absolute, climbs, has a backslash, a control character or an empty segment, or would do so after being
     *     percent-decoded again: another tool may decode a file name once more
     */
    static ArtifactPath of(String path) {
        String decoded = path;
        for (int i = 0; i < MAX_DECODINGS; i++) {
            checkSafe(decoded);
            String again = decodeOrSame(decoded);
            if (again.equals(decoded)) {
                String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
                return new ArtifactPath(trimmed.isEmpty() ? List.of() : List.of(trimmed.split("/", -1)));
            }
            decoded = again;
        }
        throw invalid();
    }

    /** The folder that a run's artifact URI names, or an error when its artifacts are not served here. */
    static ArtifactPath ofUri(String uri) {
        if (isServed(uri)) {
            return of(uri.substring(uri.startsWith(NO_AUTHORITY) ? NO_AUTHORITY.length() : SCHEME.length()));
        }
        throw ApiException.invalid(
                "The artifacts at " + uri + " are not served by this store; allowed: URIs such as " + SCHEME + "1");
    }

    /** Whether a URI names artifacts of the server it came from, and not of another host. */
    static boolean isServed(String uri) {
        return uri.startsWith(NO_AUTHORITY) || (uri.startsWith(SCHEME) && !uri.startsWith(SCHEME + "/"));
    }

    boolean isRoot() {
        return segments.isEmpty();
    }

    ArtifactPath resolve(ArtifactPath below) {
        return new ArtifactPath(
                Stream.concat(segments.stream(), below.segments.stream()).toList());
    }

    String name() {
        return segments.get(segments.size() - 1);
    }

    @Override
    public String toString() {
        return String.join("/", segments);
    }

    private static void checkSafe(String path) {
        boolean windowsDrive = path.length() >= 2 && path.charAt(1) == ':' && Character.isLetter(path.charAt(0));
        if (path.startsWith("/")
                || windowsDrive
                || path.indexOf('\\') >= 0
                || path.chars().anyMatch(Character::isISOControl)) {
            throw invalid();
        }
        String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        if (trimmed.isEmpty()) {
            return;
        }
        for (String segment : trimmed.split("/", -1)) {
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
                throw invalid();
            }
        }
    }

    private static String decode(String encoded) {
        try {
            // URLDecoder decodes forms, where a plus is a space; in a path it is a plus.
            return URLDecoder.decode(encoded.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new ApiException(ErrorCode.INVALID_PARAMETER_VALUE, "Invalid path", e);
        }
    }

    private static String decodeOrSame(String path) {
        try {
            return URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // A lone percent sign, as in "50%.txt": nothing will decode it.
            return path;
        }
    }

    private static ApiException invalid() {
        return ApiException.invalid("Invalid path");
    }
}
