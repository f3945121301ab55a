package dev.switchlab.tracking;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/**
 * What a run trains on, shown by MLflow as the run's dataset.
 *
 * @param name such as {@code tiny-shakespeare}
 * @param digest identifies the contents; longer ones are cut to MLflow's 36 characters
 * @param source where it comes from: an http(s) address or a file
 * @param context what it is used for, such as {@code training}
 */
public record Dataset(String name, String digest, String source, String context) {
    private static final int MAX_NAME = 500;
    private static final int MAX_DIGEST = 36;

    public Dataset {
        if (name.isBlank() || name.length() > MAX_NAME) {
            throw new TrackingException(
                    "dataset name '" + name + "': allowed are 1 to " + MAX_NAME + " characters, e.g. tiny-shakespeare");
        }
        if (digest.isBlank()) {
            throw new TrackingException(
                    "dataset '" + name + "': has no digest; allowed: e.g. the beginning of its sha256");
        }
        digest = digest.substring(0, Math.min(digest.length(), MAX_DIGEST));
    }

    private boolean isRemote() {
        return source.startsWith("http://") || source.startsWith("https://");
    }

    /** MLflow's name of the kind of source. */
    String sourceType() {
        return isRemote() ? "http" : "local";
    }

    /** The source as MLflow's datasets describe theirs: a JSON object. */
    String sourceJson() {
        return JsonNodeFactory.instance
                .objectNode()
                .put(isRemote() ? "url" : "uri", source)
                .toString();
    }
}
