package dev.switchlab.data;

import dev.switchlab.io.Bar;
import dev.switchlab.io.Sha256;
import java.io.ByteArrayOutputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/** Downloads a file whose size and sha256 are known, within limits that hold whatever the network does. */
final class Download {

    /**
     * When to give up.
     *
     * @param silence without a byte: so long may looking up the name, connecting, and each pause of the server take
     * @param total for the whole download, all attempts together
     * @param attempts how often a passing fault is tried
     * @param pause between attempts
     */
    record Limits(Duration silence, Duration total, int attempts, Duration pause) {
        /** Two silent attempts end within ten seconds: so long a machine without a network waits for its fallback. */
        static final Limits DEFAULT =
                new Limits(Duration.ofMillis(4500), Duration.ofMinutes(2), 2, Duration.ofMillis(500));
    }

    /** Shows how many bytes of a download have arrived. */
    interface Progress extends LongConsumer, AutoCloseable {

        @Override
        default void close() {}

        /** A bar where a terminal shows it, a plain line where standard error is a file or a pipe. */
        static Progress onStandardError(String name, RemoteFile file) {
            Bar bar = Bar.ofBytes("downloading " + name, file.size());
            if (!bar.isDrawn()) {
                bar.println("downloading %s (%,d bytes) from %s".formatted(name, file.size(), file.uri()));
            }
            return new Progress() {
                @Override
                public void accept(long bytes) {
                    bar.reached(bytes);
                }

                @Override
                public void close() {
                    bar.close();
                }
            };
        }
    }

    private static final int POLL_MILLIS = 20;

    private final Limits limits;
    private final BiFunction<String, RemoteFile, Progress> progress;

    Download(Limits limits, BiFunction<String, RemoteFile, Progress> progress) {
        this.limits = limits;
        this.progress = progress;
    }

    /**
     * Fetches a file into memory and checks it.
     *
     * @param name what the messages call it
     */
    byte[] fetch(String name, RemoteFile file) throws DownloadException {
        long end = System.nanoTime() + limits.total().toNanos();
        try (Progress shown = progress.apply(name, file)) {
            for (int attempt = 1; ; attempt++) {
                try {
                    return attempt(file, shown, end);
                } catch (DownloadException e) {
                    if (!e.isPassing() || attempt == limits.attempts() || System.nanoTime() - end > 0) {
                        throw new DownloadException(
                                "corpus %s: cannot be downloaded from %s: %s"
                                        .formatted(name, file.uri(), e.getMessage()),
                                false);
                    }
                    pause();
                }
            }
        }
    }

    private byte[] attempt(RemoteFile file, Progress shown, long end) throws DownloadException {
        // A new client for each attempt: no connection of a failed one is used again.
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .connectTimeout(limits.silence())
                .build();
        Received received = new Received(file.size());
        CompletableFuture<HttpResponse<Void>> response = client.sendAsync(
                HttpRequest.newBuilder(file.uri()).GET().build(),
                head -> head.statusCode() == 200
                        ? BodyHandlers.ofByteArrayConsumer(received).apply(head)
                        : BodySubscribers.discarding());
        try {
            int status = await(response, file, received, shown, end).statusCode();
            if (status != 200) {
                boolean passing = status >= 500 || status == 408 || status == 429;
                throw new DownloadException("the server answered with HTTP status " + status, passing);
            }
        } catch (ExecutionException e) {
            throw new DownloadException(reason(e.getCause(), file, received), true);
        } finally {
            response.cancel(true);
        }
        if (received.isTooLong()) {
            throw tooLong(file);
        }
        return checked(received.bytes(), file);
    }

    /** Waits until all has arrived, as long as something keeps arriving. */
    private HttpResponse<Void> await(
            CompletableFuture<HttpResponse<Void>> response,
            RemoteFile file,
            Received received,
            Progress shown,
            long end)
            throws DownloadException, ExecutionException {
        long lastCount = 0;
        long lastChange = System.nanoTime();
        while (true) {
            try {
                HttpResponse<Void> done = response.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
                shown.accept(received.count());
                return done;
            } catch (TimeoutException e) {
                long now = System.nanoTime();
                if (received.count() != lastCount) {
                    lastCount = received.count();
                    lastChange = now;
                    shown.accept(lastCount);
                }
                if (received.isTooLong()) {
                    throw tooLong(file);
                }
                if (now - lastChange > limits.silence().toNanos()) {
                    throw new DownloadException(
                            "nothing arrived for %s, after %d bytes".formatted(seconds(limits.silence()), lastCount),
                            true);
                }
                if (now - end > 0) {
                    throw new DownloadException(
                            "not finished after %s, with %d of %d bytes"
                                    .formatted(seconds(limits.total()), lastCount, file.size()),
                            false);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new DownloadException("interrupted", false);
            }
        }
    }

    private static DownloadException tooLong(RemoteFile file) {
        return new DownloadException("the server sends more than the expected " + file.size() + " bytes", false);
    }

    private static byte[] checked(byte[] bytes, RemoteFile file) throws DownloadException {
        if (bytes.length < file.size()) {
            throw new DownloadException("cut off after %d of %d bytes".formatted(bytes.length, file.size()), true);
        }
        if (!file.matches(bytes)) {
            throw new DownloadException(
                    "what arrived is another file (sha256 %s, expected %s); it was not kept"
                            .formatted(Sha256.of(bytes), file.sha256()),
                    false);
        }
        return bytes;
    }

    private String reason(Throwable cause, RemoteFile file, Received received) {
        if (cause instanceof HttpConnectTimeoutException) {
            return "no connection within " + seconds(limits.silence());
        }
        if (cause instanceof ConnectException) {
            return isUnknownHost(cause)
                    ? "the host " + file.uri().getHost() + " is not known; is there a network?"
                    : "the connection was refused";
        }
        return received.count() > 0
                ? "cut off after %d of %d bytes".formatted(received.count(), file.size())
                : "the connection failed: " + cause.getMessage();
    }

    private static boolean isUnknownHost(Throwable e) {
        return e instanceof UnresolvedAddressException || (e.getCause() != null && isUnknownHost(e.getCause()));
    }

    private void pause() throws DownloadException {
        try {
            Thread.sleep(limits.pause().toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DownloadException("interrupted", false);
        }
    }

    private static String seconds(Duration duration) {
        return String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
    }

    /**
     * What has arrived of a download: filled by the client's thread, watched by ours. Never holds more than was
     * expected.
     */
    private static final class Received implements Consumer<Optional<byte[]>> {
        private final ByteArrayOutputStream buffer = new ByteArrayOutputStream();
        private final int expected;
        private boolean tooLong;

        Received(int expected) {
            this.expected = expected;
        }

        @Override
        public synchronized void accept(Optional<byte[]> chunk) {
            byte[] bytes = chunk.orElse(new byte[0]);
            tooLong |= buffer.size() + bytes.length > expected;
            if (!tooLong) {
                buffer.writeBytes(bytes);
            }
        }

        synchronized int count() {
            return buffer.size();
        }

        synchronized boolean isTooLong() {
            return tooLong;
        }

        synchronized byte[] bytes() {
            return buffer.toByteArray();
        }
    }
}
