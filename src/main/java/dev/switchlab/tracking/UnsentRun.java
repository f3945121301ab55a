package dev.switchlab.tracking;

import java.nio.file.Path;

/**
 * A run of which the server does not have everything yet.
 *
 * @param id the server's id, or our own where the server does not have the run at all
 * @param isLive whether its process lives, and so sends by itself
 */
public record UnsentRun(String id, Path folder, boolean isLive) {}
