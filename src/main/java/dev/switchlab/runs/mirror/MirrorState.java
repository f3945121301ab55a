package dev.switchlab.runs.mirror;

import dev.switchlab.runs.Book;
import dev.switchlab.runs.Run;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The state of a run's copy on a server as known to the book; stored as one tag.
 *
 * @param runId the run's id on the server; empty if the run is not known to be there
 * @param experimentId the experiment's number on the server; empty if {@code runId} is, or if the user named the run
 * @param whole whether the server has everything
 * @param time in ms since 1970; files that changed earlier are on the server
 */
record MirrorState(Optional<String> runId, Optional<String> experimentId, boolean whole, long time) {
    private static final String UNKNOWN = "-";

    /** The state before anything was sent. */
    static final MirrorState NOTHING = new MirrorState(Optional.empty(), Optional.empty(), false, 0);

    /** The key of the tag, without the scheme because keys must not contain a double slash. */
    static String tag(URI server) {
        return Book.MIRROR_TAG + (server.getAuthority() + server.getPath()).replaceAll("[^\\w.\\-:/]", "_");
    }

    /** The state of a run's copy; empty if the run was never mirrored to that server. */
    static Optional<MirrorState> of(Run run, URI server) {
        return Optional.ofNullable(run.tags().get(tag(server))).map(MirrorState::parse);
    }

    private static MirrorState parse(String text) {
        String[] parts = text.split(" ", -1);
        if (parts.length != 4 || !parts[3].matches("\\d{1,18}")) {
            return NOTHING; // the tag was edited: compare and send everything again
        }
        return new MirrorState(known(parts[0]), known(parts[1]), parts[2].equals("whole"), Long.parseLong(parts[3]));
    }

    private static Optional<String> known(String part) {
        return Optional.of(part).filter(text -> !text.equals(UNKNOWN));
    }

    /** Records that the run has changed, so that all of its copies are out of date. */
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
