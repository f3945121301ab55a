package dev.switchlab.runs.fake;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * What a server has of the runs of a book.
 *
 * @param server the store of a fake server
 */
public record Copies(BookRows server) {
    /** The tag of the server's run with the book's id of the run. */
    public static final String KEY = "switchlab.run_key";

    private static final String OURS = "switchlab.mirror/";
    private static final String PARENT = "mlflow.parentRunId";

    /**
     * Asserts that the server has a run of the book as it is: each point once, params, tags, datasets, files, and how
     * it ended; and no twin of it.
     */
    public void assertWhole(BookRows book, String run) throws IOException {
        String id = id(run);
        assertThat(server.points(id)).isEqualTo(book.points(run)).doesNotHaveDuplicates();
        assertThat(server.params(id)).isEqualTo(book.params(run));
        Map<String, String> tags = book.tags(run);
        tags.keySet().removeIf(key -> key.startsWith(OURS));
        tags.put(KEY, run);
        tags.computeIfPresent(PARENT, (key, parent) -> id(parent));
        assertThat(server.tags(id)).isEqualTo(tags);
        assertThat(server.texts(
                        "SELECT json_extract(json, '$.dataset.name') || ' ' || json_extract(json, '$.dataset.digest')"
                                + " FROM fake_inputs WHERE run_uuid = ? ORDER BY 1",
                        id))
                .isEqualTo(book.datasets(run));
        assertThat(server.status(id)).isEqualTo(book.status(run));
        Map<String, byte[]> files = server.artifacts(id);
        Map<String, byte[]> expected = book.artifacts(run);
        assertThat(files.keySet()).isEqualTo(expected.keySet());
        expected.forEach((path, bytes) -> assertThat(files.get(path)).as(path).isEqualTo(bytes));
    }

    /** The server's id of its one copy of a run. */
    public String id(String run) {
        List<String> ids = ofRun(run);
        assertThat(ids).as("runs of the server that are copies of " + run).hasSize(1);
        return ids.get(0);
    }

    /** Ids of the server's active runs that carry the book's id of a run. */
    public List<String> ofRun(String run) {
        return server.texts(
                "SELECT run_uuid FROM runs JOIN tags USING (run_uuid)"
                        + " WHERE lifecycle_stage = 'active' AND key = ? AND value = ?",
                KEY,
                run);
    }
}
