package dev.switchlab.runs.mirror;

import dev.switchlab.runs.BookException;
import dev.switchlab.runs.Keys;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * MLflow's environment variables, with the meaning that they have for MLflow's clients.
 *
 * @param server {@code MLFLOW_TRACKING_URI}: the server to mirror runs to
 * @param credentials {@code MLFLOW_TRACKING_USERNAME}, {@code _PASSWORD}, {@code _TOKEN}, or
 *     {@code ~/.mlflow/credentials}
 * @param experimentName {@code MLFLOW_EXPERIMENT_NAME}: the MLflow experiment of the runs; by default the name of the
 *     experiment file
 * @param runId {@code MLFLOW_RUN_ID}: an existing run of the server to log to
 */
public record MlflowEnvironment(
        Optional<URI> server, Credentials credentials, Optional<String> experimentName, Optional<String> runId) {

    /** An environment that names no server. */
    public static final MlflowEnvironment NONE =
            new MlflowEnvironment(Optional.empty(), Credentials.none(), Optional.empty(), Optional.empty());

    /** The variable that names the server. */
    public static final String TRACKING_URI = "MLFLOW_TRACKING_URI";

    private static final String RUN_ID = "MLFLOW_RUN_ID";
    private static final String ALLOWED = "allowed: an http:// or https:// address, e.g. http://127.0.0.1:5000,"
            + " or nothing for the book in runs/ alone";

    /**
     * Reads the environment.
     *
     * @throws BookException if a variable has a value that is not usable
     */
    public static MlflowEnvironment of(Map<String, String> environment) {
        return of(environment, Path.of(System.getProperty("user.home")));
    }

    /** Reads the environment of a user with another home folder. */
    static MlflowEnvironment of(Map<String, String> environment, Path home) {
        Optional<String> runId = text(environment, RUN_ID);
        if (runId.isPresent() && !Keys.isRunId(runId.get())) {
            throw new BookException(RUN_ID + " is '" + runId.get()
                    + "', allowed: the id of a run, 32 hexadecimal digits, e.g. 3f2a91c04b5d4e6f8a7b6c5d4e3f2a1b");
        }
        Optional<URI> server = text(environment, TRACKING_URI).map(MlflowEnvironment::trackingUri);
        if (runId.isPresent() && server.isEmpty()) {
            throw new BookException(RUN_ID + " names run " + runId.get() + ", but " + TRACKING_URI
                    + " names no server that has it; unset it, or name the server, e.g. http://127.0.0.1:5000");
        }
        return new MlflowEnvironment(
                server,
                Credentials.of(environment, home.resolve(".mlflow").resolve("credentials")),
                text(environment, "MLFLOW_EXPERIMENT_NAME"),
                runId);
    }

    private static Optional<String> text(Map<String, String> environment, String name) {
        return Optional.of(environment.getOrDefault(name, "").strip()).filter(text -> !text.isEmpty());
    }

    /**
     * Parses an address; the result has no trailing slash.
     *
     * @throws BookException if the address cannot be used; the message does not repeat credentials
     */
    static URI trackingUri(String text) {
        String shown = TRACKING_URI + ": '" + text.replaceFirst("^([A-Za-z]+://)?.*@", "$1***@") + "' ";
        if (text.contains("@")) {
            throw new BookException(shown + "carries a user name; put it into " + Credentials.USERNAME + " and "
                    + Credentials.PASSWORD + "; " + ALLOWED);
        }
        try {
            obstacle(new URI(text)).ifPresent(obstacle -> {
                throw new BookException(shown + obstacle + "; " + ALLOWED);
            });
        } catch (URISyntaxException e) {
            throw new BookException(shown + "is not an address; " + ALLOWED);
        }
        return URI.create(text.replaceAll("/+$", ""));
    }

    /** Why an address cannot be used; empty if it can. */
    private static Optional<String> obstacle(URI uri) {
        String scheme = uri.getScheme();
        if (scheme == null || scheme.equals("file")) {
            return Optional.of("is a file path, not an address");
        }
        if (!scheme.equals("http") && !scheme.equals("https")) {
            return Optional.of(
                    scheme.toLowerCase(Locale.ROOT).matches("https?")
                            ? "has its scheme in upper case"
                            : "has the scheme '" + scheme + "'");
        }
        if (uri.getHost() == null) {
            return Optional.of("has no host name");
        }
        boolean isPlain = uri.getRawQuery() == null && uri.getRawFragment() == null;
        return isPlain ? Optional.empty() : Optional.of("has a query or a fragment");
    }
}
