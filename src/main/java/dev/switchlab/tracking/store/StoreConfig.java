package dev.switchlab.tracking.store;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Where a {@link TrackingServer} keeps its store and who may reach it.
 *
 * @param runsFolder folder of {@code mlflow.db} and {@code mlartifacts/}; created when absent
 * @param bindAddress address to listen on, for example {@code 127.0.0.1}; anything but loopback needs {@code allowedHosts}
 * @param port TCP port, 0 for any free one
 * @param allowedHosts host names, without port, that a request's Host header may carry besides localhost, 127.0.0.1 and [::1]; anything
 *     else is refused as possible DNS rebinding
 * @param maxRequestBytes largest body of a JSON request, in bytes
 * @param maxArtifactBytes largest artifact, in bytes
 */
public record StoreConfig(
        Path runsFolder,
        String bindAddress,
        int port,
        List<String> allowedHosts,
        long maxRequestBytes,
        long maxArtifactBytes) {

    private static final String LOOPBACK = "127.0.0.1";
    private static final long DEFAULT_MAX_REQUEST_BYTES = 32L << 20;
    private static final long DEFAULT_MAX_ARTIFACT_BYTES = 16L << 30;

    public StoreConfig {
        Objects.requireNonNull(runsFolder, "runsFolder");
        Objects.requireNonNull(bindAddress, "bindAddress");
        runsFolder = runsFolder.toAbsolutePath().normalize();
        if (Files.exists(runsFolder) && !Files.isDirectory(runsFolder)) {
            throw new StoreException(
                    "runsFolder: " + runsFolder + " is not a folder; allowed: a folder or a path to create, e.g. runs");
        }
        if (port < 0 || port > 65_535) {
            throw new StoreException(
                    "port: " + port + " is out of range; allowed: 0 (any free port) to 65535, e.g. 5000");
        }
        allowedHosts =
                allowedHosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList();
        for (String host : allowedHosts) {
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            if (host.isBlank() || host.contains("/") || (host.contains(":") && !bracketed)) {
                throw new StoreException(
                        "allowedHosts: '" + host
                                + "' is not a host; allowed: host names or addresses without port, e.g. lab.example.org or [fd00::1]");
            }
        }
        if (!isLoopback(bindAddress) && allowedHosts.isEmpty()) {
            throw new StoreException("bindAddress: " + bindAddress
                    + " is reachable from other machines; name the hosts by which clients may call it in allowedHosts,"
                    + " e.g. lab.example.org, or listen on 127.0.0.1");
        }
        requirePositive("maxRequestBytes", maxRequestBytes);
        requirePositive("maxArtifactBytes", maxArtifactBytes);
    }

    /** The store in {@code runsFolder}, served on the loopback interface at any free port. */
    public static StoreConfig of(Path runsFolder) {
        return new StoreConfig(
                runsFolder, LOOPBACK, 0, List.of(), DEFAULT_MAX_REQUEST_BYTES, DEFAULT_MAX_ARTIFACT_BYTES);
    }

    /** This store at another port; 0 for any free one. */
    public StoreConfig withPort(int newPort) {
        return new StoreConfig(runsFolder, bindAddress, newPort, allowedHosts, maxRequestBytes, maxArtifactBytes);
    }

    /** This store on another address, reachable by the given host names. */
    public StoreConfig withAddress(String newAddress, List<String> hosts) {
        return new StoreConfig(runsFolder, newAddress, port, hosts, maxRequestBytes, maxArtifactBytes);
    }

    /** This store with another limit for JSON requests, in bytes. */
    public StoreConfig withMaxRequestBytes(long bytes) {
        return new StoreConfig(runsFolder, bindAddress, port, allowedHosts, bytes, maxArtifactBytes);
    }

    /** This store with another limit for one artifact, in bytes. */
    public StoreConfig withMaxArtifactBytes(long bytes) {
        return new StoreConfig(runsFolder, bindAddress, port, allowedHosts, maxRequestBytes, bytes);
    }

    /** The database file, where {@code mlflow server} looks for it when started in the runs folder. */
    public Path database() {
        return runsFolder.resolve("mlflow.db");
    }

    /** The artifacts' folder, where {@code mlflow server} looks for it when started in the runs folder. */
    public Path artifactsFolder() {
        return runsFolder.resolve("mlartifacts");
    }

    private static boolean isLoopback(String address) {
        try {
            return InetAddress.getByName(address).isLoopbackAddress();
        } catch (UnknownHostException e) {
            throw new StoreException(
                    "bindAddress: " + address + " is not an address of this machine; allowed: e.g. 127.0.0.1", e);
        }
    }

    private static void requirePositive(String name, long value) {
        if (value <= 0) {
            throw new StoreException(name + ": " + value + " is not positive; allowed: bytes from 1, e.g. 1000000");
        }
    }
}
