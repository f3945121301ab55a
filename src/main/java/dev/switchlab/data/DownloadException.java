package dev.switchlab.data;

/** A corpus that could not be downloaded: the one problem that a fallback corpus answers. */
final class DownloadException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean passing;

    /** A problem; {@code passing} says whether another try may help. */
    DownloadException(String message, boolean passing) {
        super(message.strip().replaceAll("\\s*\\R\\s*", " "));
        this.passing = passing;
    }

    boolean isPassing() {
        return passing;
    }
}
