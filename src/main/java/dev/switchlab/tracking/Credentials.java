package dev.switchlab.tracking;

import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;
import org.mlflow.tracking.creds.MlflowHostCredsProvider;

/**
 * MLflow's credentials from the environment, which the Java client does not read by itself. Not a record: they must never be printed.
 */
final class Credentials {

    private final String username;
    private final String password;
    private final String token;

    private Credentials(String username, String password, String token) {
        this.username = username;
        this.password = password;
        this.token = token;
    }

    /** From MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD and MLFLOW_TRACKING_TOKEN. */
    static Credentials of(Map<String, String> environment) {
        return new Credentials(
                environment.get("MLFLOW_TRACKING_USERNAME"),
                environment.get("MLFLOW_TRACKING_PASSWORD"),
                environment.get("MLFLOW_TRACKING_TOKEN"));
    }

    /** For the official client. */
    MlflowHostCredsProvider forClient(URI server) {
        return username != null && password != null
                ? new BasicMlflowHostCreds(server.toString(), username, password)
                : new BasicMlflowHostCreds(server.toString(), token);
    }

    /** For plain requests. */
    HttpRequest.Builder authorize(HttpRequest.Builder request) {
        if (username != null && password != null) {
            byte[] pair = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
            return request.header(
                    "Authorization", "Basic " + Base64.getEncoder().encodeToString(pair));
        }
        return token == null ? request : request.header("Authorization", "Bearer " + token);
    }
}
