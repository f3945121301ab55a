package dev.switchlab.runs.mirror;

import com.google.common.util.concurrent.ExecutionError;
import com.google.common.util.concurrent.SimpleTimeLimiter;
import com.google.common.util.concurrent.ThreadFactoryBuilder;
import com.google.common.util.concurrent.TimeLimiter;
import com.google.common.util.concurrent.UncheckedExecutionException;
import dev.switchlab.runs.Redactor;
import dev.switchlab.runs.mirror.ServerException.Kind;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowClientException;
import org.mlflow.tracking.MlflowHttpException;

/**
 * MLflow's Java client, made safe to wait for. It has no time-outs, and hangs for ever after three answers of 429; so
 * its calls run on a thread of their own, and where one takes too long the client is closed under it, which ends the
 * call, and replaced.
 *
 * <p>It sends a request again at once, up to three times, when the answer is an error. Only calls that may be repeated
 * go through it; creating a run does not ({@link RestClient}).
 */
final class OfficialClient implements AutoCloseable {
    /** A call to the server. */
    interface Call<T> {
        T on(MlflowClient client) throws Exception;
    }

    /**
     * The client's HTTP library tells of every repetition. Held here, because the JDK forgets a logger that nobody
     * holds.
     */
    private static final Logger HTTP_LOG = Logger.getLogger("org.mlflow_project.apachehttp");

    static {
        HTTP_LOG.setLevel(Level.WARNING);
    }

    /** A call that takes too long is interrupted and its thread left behind; the next call gets another thread. */
    private static final TimeLimiter LIMITER =
            SimpleTimeLimiter.create(Executors.newCachedThreadPool(new ThreadFactoryBuilder()
                    .setNameFormat("mlflow-client-%d")
                    .setDaemon(true)
                    .build()));

    private final URI server;
    private final Credentials credentials;
    private final Duration limit;
    private final Redactor redactor;
    private MlflowClient client;
    private volatile boolean answered;

    OfficialClient(URI server, Credentials credentials, Duration limit) {
        this.server = server;
        this.credentials = credentials;
        this.limit = limit;
        this.redactor = new Redactor(credentials.secrets());
    }

    /** Calls the server, within the time limit whatever the server does. */
    synchronized <T> T call(Call<T> call) throws ServerException {
        if (client == null) {
            client = new MlflowClient(credentials.forHost(server.toString()));
        }
        MlflowClient current = client;
        try {
            T answer = LIMITER.callWithTimeout(() -> call.on(current), limit);
            answered = true;
            return answer;
        } catch (TimeoutException e) {
            close();
            throw new ServerException(Kind.PASSING, "no answer within " + limit.toMillis() / 1000.0 + " s", e);
        } catch (InterruptedException e) {
            close();
            Thread.currentThread().interrupt();
            throw new ServerException(Kind.PASSING, "interrupted", e);
        } catch (ExecutionException | UncheckedExecutionException | ExecutionError e) {
            throw failure(e.getCause());
        }
    }

    /** Whether the server ever answered anything: it is there. */
    boolean hasAnswered() {
        return answered;
    }

    private ServerException failure(Throwable cause) {
        if (cause instanceof MlflowHttpException http) {
            answered = true;
            String body = http.getBodyMessage();
            return ServerException.ofAnswer(http.getStatusCode(), body == null ? "" : body, redactor);
        }
        Throwable root = cause;
        while (root instanceof MlflowClientException && root.getCause() != null) {
            root = root.getCause();
        }
        // The client's own checks and a broken connection after a time-out come as unchecked exceptions.
        boolean foreign = root.getClass().getName().contains("InvalidProtocolBuffer");
        if (foreign) {
            return new ServerException(
                    Kind.UNUSABLE, "its answer is not MLflow's; is it an MLflow tracking server?", cause);
        }
        if (root instanceof IOException || root instanceof IllegalStateException) {
            return new ServerException(Kind.PASSING, redactor.clean(RestClient.reason(root)), cause);
        }
        if (cause instanceof Error error) {
            throw error;
        }
        return new ServerException(Kind.PASSING, redactor.clean(String.valueOf(cause)), cause);
    }

    /** Ends calls under way; the next call begins anew. */
    @Override
    public final synchronized void close() {
        if (client != null) {
            client.close();
            client = null;
        }
    }
}
