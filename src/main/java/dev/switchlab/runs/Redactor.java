package dev.switchlab.runs;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Removes secrets from texts that are shown or stored. */
public final class Redactor {
    private static final String HIDDEN = "***";
    /** {@code scheme://user:password@host} and {@code scheme://token@host}. */
    private static final Pattern URI_CREDENTIALS = Pattern.compile("(?<=://)[^/\\s@'\"]+@");
    /** Shorter secrets are not removed, because they occur in ordinary words. */
    private static final int SHORTEST = 4;

    private final List<String> secrets;

    /** @param secrets texts that must not be shown */
    public Redactor(List<String> secrets) {
        this.secrets =
                secrets.stream().filter(secret -> secret.length() >= SHORTEST).toList();
    }

    /** The text without secrets. */
    public String clean(String text) {
        String clean = text;
        for (String secret : secrets) {
            clean = clean.replace(secret, HIDDEN);
        }
        return withoutUriCredentials(clean);
    }

    /** The map with clean values. */
    public Map<String, String> clean(Map<String, String> values) {
        Map<String, String> clean = new LinkedHashMap<>();
        values.forEach((key, value) -> clean.put(key, clean(value)));
        return clean;
    }

    /** The text with user names, passwords and tokens in addresses hidden. */
    private static String withoutUriCredentials(String text) {
        return text.contains("://") ? URI_CREDENTIALS.matcher(text).replaceAll(HIDDEN + "@") : text;
    }
}
