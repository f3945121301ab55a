package dev.switchlab.runs;

import java.util.regex.Pattern;

/** MLflow's rules for keys of metrics, params and tags and for artifact paths: those of its strictest version. */
public final class Keys {
    /** Longest key, in characters. */
    public static final int MAX_LENGTH = 250;

    private static final Pattern ALLOWED = Pattern.compile("[\\w.\\- :/]+");
    /** Some stores use keys as file names, so a key must be a normalized path. */
    private static final Pattern NOT_A_PATH = Pattern.compile("/.*|.*/|.*//.*|(.*/)?\\.\\.?(/.*)?");

    private Keys() {}

    /** Whether a text is a run's id, as MLflow forms them. Ids become names of files. */
    public static boolean isRunId(String text) {
        return text.matches("[0-9a-f]{32}");
    }

    /**
     * Refuses a key that some MLflow server would refuse.
     *
     * @param kind what the key names, for the message, such as {@code metric}
     * @throws BookException if it is refused
     */
    public static void check(String kind, String key) {
        if (!ALLOWED.matcher(key).matches()) {
            throw new BookException(kind + " '" + key + "': MLflow takes only letters, digits, _ - . : / and spaces in"
                    + " a name, e.g. layer0/load/expert3");
        }
        if (key.length() > MAX_LENGTH) {
            throw new BookException(kind + " '" + key.substring(0, 40) + "...': the name has " + key.length()
                    + " characters; MLflow takes up to " + MAX_LENGTH);
        }
        if (NOT_A_PATH.matcher(key).matches()) {
            throw new BookException(
                    kind + " '" + key + "': MLflow takes no name that begins or ends with a slash, or has an"
                            + " empty part, '.' or '..' between slashes; allowed: e.g. train/loss");
        }
    }

    /**
     * Refuses an artifact path that leads out of the run's folder.
     *
     * @throws BookException if it is refused
     */
    public static void checkArtifactPath(String path) {
        boolean strange = path.isEmpty()
                || path.indexOf('\\') >= 0
                || path.chars().anyMatch(Character::isISOControl)
                || NOT_A_PATH.matcher(path).matches();
        if (strange || path.length() > MAX_LENGTH) {
            throw new BookException("artifact '" + path + "': is not a relative path of up to " + MAX_LENGTH
                    + " characters inside the run; allowed: e.g. samples/step-000500.txt");
        }
    }
}
