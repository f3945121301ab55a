package dev.switchlab.runs.mirror;

import dev.switchlab.runs.BookException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;

/** The address of an MLflow server, as the environment variable {@value #VARIABLE} gives it. */
public final class TrackingUri {
    /** Names the server. */
    public static final String VARIABLE = "MLFLOW_TRACKING_URI";

    private static final String ALLOWED =
            "allowed: an http:// or https:// address, e.g. http://127.0.0.1:5000, or nothing for the book in runs/ alone";

    private TrackingUri() {}

    /**
     * The server that the environment names; empty when it names none.
     *
     * @throws BookException if the address is not one that can be logged to
     */
    public static Optional<URI> fromEnvironment(Map<String, String> environment) {
        String text = environment.getOrDefault(VARIABLE, "").strip();
        return text.isEmpty() ? Optional.empty() : Optional.of(parse(text));
    }

    /**
     * Checks an address; the result has no slash at its end.
     *
     * @throws BookException if the address is not one that can be logged to; credentials in it are not repeated
     */
    public static URI parse(String text) {
        String shown = VARIABLE + ": '" + withoutUserInfo(text) + "' ";
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw new BookException(shown + "is not an address; " + ALLOWED);
        }
        if (hasUserInfo(uri)) {
            throw new BookException(shown + "carries a user name; put it into " + Credentials.USERNAME + " and "
                    + Credentials.PASSWORD + "; " + ALLOWED);
        }
        String scheme = uri.getScheme();
        if (scheme == null || text.startsWith("/") || scheme.equals("file")) {
            throw new BookException(shown + "is a file path, not an address; " + ALLOWED);
        }
        if (!scheme.equals("http") && !scheme.equals("https")) {
            boolean upperCase = scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https");
            throw new BookException(shown
                    + (upperCase ? "has its scheme in upper case; " : "has the scheme '" + scheme + "'; ")
                    + ALLOWED);
        }
        if (uri.getHost() == null) {
            throw new BookException(shown + "has no host name; " + ALLOWED);
        }
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new BookException(shown + "has a query or a fragment; " + ALLOWED);
        }
        return URI.create(text.replaceAll("/+$", ""));
    }

    /** Also where the rest is so strange that {@link URI} leaves the user info unparsed. */
    private static boolean hasUserInfo(URI uri) {
        String authority = uri.isOpaque() ? uri.getRawSchemeSpecificPart() : uri.getRawAuthority();
        return authority != null && authority.contains("@");
    }

    private static String withoutUserInfo(String text) {
        return text.replaceFirst("^([A-Za-z]+://)?.*@", "$1***@");
    }
}
