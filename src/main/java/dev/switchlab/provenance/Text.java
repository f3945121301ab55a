package dev.switchlab.provenance;

/**
 * The text that was trained on.
 *
 * @param name a known name or a path
 * @param sha256 of its bytes
 * @param fallbackReason why it is the experiment's fallback; empty when it is what was asked for
 */
public record Text(String name, String sha256, String fallbackReason) {}
