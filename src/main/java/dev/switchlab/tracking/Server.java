package dev.switchlab.tracking;

import java.net.URI;
import java.time.Duration;

/**
 * One server and the two clients for it. For one thread: the official client has few connections.
 *
 * @param uri without a slash at its end
 */
record Server(URI uri, OfficialClient official, RestClient rest) implements AutoCloseable {

    static Server at(URI uri, Credentials credentials, Duration limit) {
        return new Server(uri, new OfficialClient(uri, credentials, limit), new RestClient(uri, credentials, limit));
    }

    @Override
    public void close() {
        official.close();
    }
}
