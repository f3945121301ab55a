package dev.switchlab.tracking;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/**
 * Who we are to an MLflow server. MLflow's Python client reads these variables, its Java client does not.
 *
 * <p>Its text form shows no secret.
 */
public final class Credentials {
    public static final String USERNAME = "MLFLOW_TRACKING_USERNAME";
    public static final String PASSWORD = "MLFLOW_TRACKING_PASSWORD";
    public static final String TOKEN = "MLFLOW_TRACKING_TOKEN";

    private final String username;
    private final String password;
    private final String token;

    private Credentials(String username, String password, String token) {
        this.username = username;
        this.password = password;
        this.token = token;
    }

    /** Nobody in particular. */
    public static Credentials none() {
        return new Credentials("", "", "");
    }

    /**
     * The credentials in the environment. A user name and password go before a token, as in MLflow.
     *
     * @throws TrackingException if there is a user name without a password or the reverse
     */
    public static Credentials fromEnvironment(Map<String, String> environment) {
        String username = environment.getOrDefault(USERNAME, "");
        String password = environment.getOrDefault(PASSWORD, "");
        if (username.isEmpty() != password.isEmpty()) {
            throw new TrackingException((username.isEmpty() ? USERNAME : PASSWORD) + " is not set but "
                    + (username.isEmpty() ? PASSWORD : USERNAME) + " is; set both, or neither");
        }
        return new Credentials(username, password, environment.getOrDefault(TOKEN, ""));
    }

    /** The value of the HTTP header Authorization. */
    Optional<String> authorization() {
        if (!username.isEmpty()) {
            byte[] pair = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
            return Optional.of("Basic " + Base64.getEncoder().encodeToString(pair));
        }
        return token.isEmpty() ? Optional.empty() : Optional.of("Bearer " + token);
    }

    /** For the official client, which takes null for what is absent. */
    BasicMlflowHostCreds forHost(String uri) {
        if (!username.isEmpty()) {
            return new BasicMlflowHostCreds(uri, username, password);
        }
        return token.isEmpty() ? new BasicMlflowHostCreds(uri) : new BasicMlflowHostCreds(uri, token);
    }

    /** What must appear nowhere, also not in the form in which it travels. */
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
