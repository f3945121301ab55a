package dev.switchlab.runs.mirror;

import dev.switchlab.runs.BookException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/**
 * Credentials for an MLflow server; absent parts are empty. MLflow's Python client reads these environment variables,
 * its Java client does not. {@link #toString} shows no secret.
 */
public record Credentials(String username, String password, String token) {
    /** Requires a password. */
    public static final String USERNAME = "MLFLOW_TRACKING_USERNAME";
    /** Requires a user name. */
    public static final String PASSWORD = "MLFLOW_TRACKING_PASSWORD";
    /** Used if there is no user name. */
    public static final String TOKEN = "MLFLOW_TRACKING_TOKEN";

    /** No credentials. */
    public static Credentials none() {
        return new Credentials("", "", "");
    }

    /**
     * The credentials of the environment or else of MLflow's file. A user name and password take precedence over a
     * token, as in MLflow.
     *
     * @param file {@code ~/.mlflow/credentials}; need not exist
     * @throws BookException if only one of user name and password is given, or if the file cannot be read
     */
    public static Credentials of(Map<String, String> environment, Path file) {
        String username = environment.getOrDefault(USERNAME, "");
        String password = environment.getOrDefault(PASSWORD, "");
        String token = environment.getOrDefault(TOKEN, "");
        if (username.isEmpty() != password.isEmpty()) {
            throw new BookException((username.isEmpty() ? USERNAME : PASSWORD) + " is not set but "
                    + (username.isEmpty() ? PASSWORD : USERNAME) + " is; set both, or neither");
        }
        if (username.isEmpty() && token.isEmpty() && Files.isRegularFile(file)) {
            return ofFile(file);
        }
        return new Credentials(username, password, token);
    }

    /**
     * Reads MLflow's INI file: section {@code [mlflow]} with {@code mlflow_tracking_username} and
     * {@code mlflow_tracking_password}.
     */
    private static Credentials ofFile(Path file) {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader); // a section's line is a key without a value
        } catch (IOException | IllegalArgumentException e) {
            throw new BookException("cannot read " + file + ": " + e.getMessage(), e);
        }
        return of(
                Map.of(
                        USERNAME, properties.getProperty("mlflow_tracking_username", ""),
                        PASSWORD, properties.getProperty("mlflow_tracking_password", "")),
                Path.of(""));
    }

    /** The value of the HTTP header Authorization. */
    Optional<String> authorization() {
        if (!username.isEmpty()) {
            byte[] pair = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
            return Optional.of("Basic " + Base64.getEncoder().encodeToString(pair));
        }
        return token.isEmpty() ? Optional.empty() : Optional.of("Bearer " + token);
    }

    /** Credentials for the official client, in which absent parts are null. */
    BasicMlflowHostCreds forHost(String uri) {
        if (!username.isEmpty()) {
            return new BasicMlflowHostCreds(uri, username, password);
        }
        return token.isEmpty() ? new BasicMlflowHostCreds(uri) : new BasicMlflowHostCreds(uri, token);
    }

    /** Texts that must not appear anywhere, including the encoded HTTP header. */
    List<String> secrets() {
        String encoded = username.isEmpty() ? "" : authorization().orElseThrow().substring("Basic ".length());
        return Stream.of(password, token, encoded)
                .filter(secret -> !secret.isEmpty())
                .toList();
    }

    @Override
    public String toString() {
        return username.isEmpty() ? (token.isEmpty() ? "no credentials" : "a token") : "a user name and password";
    }
}
