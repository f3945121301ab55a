package dev.switchlab.data;

import dev.switchlab.io.Sha256;
import java.net.URI;

/**
 * A file on the network that is known to the byte.
 *
 * @param uri where it is
 * @param sha256 lower-case hexadecimal
 * @param size bytes
 */
record RemoteFile(URI uri, String sha256, int size) {

    boolean matches(byte[] bytes) {
        return bytes.length == size && Sha256.of(bytes).equals(sha256);
    }
}
