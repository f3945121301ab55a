package dev.switchlab.runs.mirror;

import dev.switchlab.runs.Book;
import dev.switchlab.runs.Run;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The state of a run's copy on a server as far as the book knows: the value of one tag.
 *
 * @param runId the server's id of the run; empty if it does not have the run yet, as far as is known
 * @param experimentId the server's number of its experiment; empty as {@code runId}, or if the run was named by its
 *     user
 * @param whole whether the server has everything
 * @param time files that changed before it, in ms since 1970, are there
 */
record MirrorState(Optional<String> runId, Optional<String> experimentId, boolean whole, long time) {
    private static final String UNKNOWN = "-";

    /** Before anything was sent. */
    static final MirrorState NOTHING = new MirrorState(Optional.empty(), Optional.empty(), false, 0);

    /** The key of the tag: a key has no double slash, so the scheme is left out. */
    static String tag(URI server) {
        return Book.MIRROR_TAG + (server.getAuthority() + server.getPath()).replaceAll("[^\\w.\\-:/]", "_");
    }

    /** What is known of a run; empty if it was never meant for that server. */
    static Optional<MirrorState> of(Run run, URI server) {
        return Optional.ofNullable(run.tags().get(tag(server))).map(MirrorState::parse);
    }

    private static MirrorState parse(String text) {
        String[] parts = text.split(" ", -1);
        if (parts.length != 4 || !parts[3].matches("\\d{1,18}")) {
            return NOTHING; // the tag was edited: everything is compared and sent again
        }
        return new MirrorState(known(parts[0]), known(parts[1]), parts[2].equals("whole"), Long.parseLong(parts[3]));
    }

    private static Optional<String> known(String part) {
        return Optional.of(part).filter(text -> !text.equals(UNKNOWN));
    }

    /** Notes that a run has got something that none of its servers has. */
    static void outdate(Book book, Run run) {
        Map<String, String> tags = new HashMap<>();
        run.tags().forEach((key, value) -> {
            if (key.startsWith(Book.MIRROR_TAG)) {
                MirrorState known = parse(value);
                tags.put(key, new MirrorState(known.runId, known.experimentId, false, known.time).text());
            }
        });
        book.tag(run.runId(), tags);
    }

    /** Stores the state as a tag of the run. */
    void keep(Book book, String run, URI server) {
        book.tag(run, Map.of(tag(server), text()));
    }

    private String text() {
        return String.join(
                " ", runId.orElse(UNKNOWN), experimentId.orElse(UNKNOWN), whole ? "whole" : "behind", "" + time);
    }
}
