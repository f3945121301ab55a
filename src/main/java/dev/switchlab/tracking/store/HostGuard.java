package dev.switchlab.tracking.store;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Keeps web pages out. A page whose name was rebound to this machine sends its own name as Host; a page elsewhere sends its own Origin.
 * MLflow's clients send the server's name as Host and no Origin.
 */
final class HostGuard {
    private static final List<String> LOOPBACK = List.of("localhost", "127.0.0.1", "[::1]");

    private final Set<String> allowedHosts = new HashSet<>(LOOPBACK);

    HostGuard(List<String> allowedHosts) {
        this.allowedHosts.addAll(allowedHosts);
    }

    /**
     * Refuses a request with a foreign host or origin.
     *
     * @param hosts values of the Host header
     * @param origins values of the Origin header
     */
    void check(List<String> hosts, List<String> origins) {
        if (hosts.size() != 1 || !allowedHosts.contains(name(hosts.get(0)))) {
            throw new ApiException(
                    ErrorCode.PERMISSION_DENIED, "Invalid Host header - possible DNS rebinding attack detected");
        }
        String own = hosts.get(0).toLowerCase(Locale.ROOT);
        for (String origin : origins) {
            String lower = origin.toLowerCase(Locale.ROOT);
            if (!lower.equals("http://" + own) && !lower.equals("https://" + own)) {
                throw new ApiException(ErrorCode.PERMISSION_DENIED, "Cross-origin request blocked");
            }
        }
    }

    /** The host without its port. */
    private static String name(String host) {
        String lower = host.toLowerCase(Locale.ROOT);
        int port = lower.startsWith("[") ? lower.indexOf(':', lower.indexOf(']')) : lower.indexOf(':');
        return port < 0 ? lower : lower.substring(0, port);
    }
}
