package dev.switchlab.tracking.store;

import java.util.ArrayDeque;
import java.util.Deque;

/** MLflow's rules for the keys of metrics, params and tags, and for the lengths of their values. Lengths count code points. */
final class Names {
    static final int MAX_KEY = 250;
    static final int MAX_PARAM_VALUE = 6000;
    static final int MAX_TAG_VALUE = 8000;
    static final int MAX_EXPERIMENT_TAG_VALUE = 5000;
    static final int MAX_EXPERIMENT_NAME = 500;

    private Names() {}

    /**
     * Checks a metric, param or tag key.
     *
     * @param parameter name of the request field, for the character rule's message
     * @param entity name of the thing, for the length rule's message, for example "Param key"
     */
    static void checkKey(String key, String parameter, String entity) {
        if (!hasOnlyAllowedCharacters(key)) {
            throw ApiException.invalid("Invalid value \"" + key + "\" for parameter '" + parameter
                    + "' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.),"
                    + " spaces ( ), colon(:) and slashes (/).");
        }
        String normal = normalPath(key);
        if (!normal.equals(key) || normal.equals(".") || normal.startsWith("..") || normal.startsWith("/")) {
            throw ApiException.invalid("Invalid value \"" + key + "\" for parameter '" + parameter
                    + "' supplied: Names may be treated as files in certain cases, and must not resolve to other names"
                    + " when treated as such. This name would resolve to '" + normal + "'");
        }
        checkLength(key, MAX_KEY, entity);
    }

    /** Checks a length in code points. */
    static void checkLength(String value, int limit, String entity) {
        if (value.length() > limit && value.codePointCount(0, value.length()) > limit) {
            throw ApiException.invalid("'" + entity + "' exceeds the maximum length of " + limit + " characters");
        }
    }

    /** Cuts a value to {@code limit} code points, as MLflow does with params and tags. */
    static String cut(String value, int limit) {
        if (value.length() <= limit || value.codePointCount(0, value.length()) <= limit) {
            return value;
        }
        return value.substring(0, value.offsetByCodePoints(0, limit));
    }

    private static boolean hasOnlyAllowedCharacters(String key) {
        return key.codePoints()
                .allMatch(c -> Character.isLetterOrDigit(c)
                        || c == '/'
                        || c == '_'
                        || c == '.'
                        || c == '-'
                        || c == ' '
                        || c == ':');
    }

    /** The path with ".", ".." and repeated slashes resolved, as Python's {@code posixpath.normpath}. */
    static String normalPath(String path) {
        if (!path.contains("/") && !path.startsWith(".") && !path.isEmpty()) {
            return path;
        }
        boolean absolute = path.startsWith("/");
        Deque<String> parts = new ArrayDeque<>();
        for (String part : path.split("/", -1)) {
            if (part.isEmpty() || part.equals(".")) {
                continue;
            }
            if (part.equals("..") && !parts.isEmpty() && !parts.getLast().equals("..")) {
                parts.removeLast();
            } else if (!part.equals("..") || !absolute) {
                parts.addLast(part);
            }
        }
        String normal = (absolute ? "/" : "") + String.join("/", parts);
        return normal.isEmpty() ? "." : normal;
    }
}
