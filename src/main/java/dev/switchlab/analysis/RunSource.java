package dev.switchlab.analysis;

import com.google.common.base.Splitter;
import dev.switchlab.runs.MetricPoint;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Where runs come from: all that the analysis knows of the book. */
public interface RunSource {

    /** Runs of one MLflow experiment, the newest first; empty if there is no such experiment. */
    List<Run> experiment(String name);

    /** The run with this id, beginning of an id, or name; throws {@code BookException} if there is none. */
    Run find(String idOrName);

    /** The children of a run, the oldest first, and the runs that it reuses. */
    List<Run> children(String runId);

    /** All points of a metric in order of time; empty if the run has no such metric. */
    List<MetricPoint> history(String runId, String metric);

    /** Paths of a run's artifacts. */
    List<String> artifacts(String runId);

    /** A small text artifact; throws {@code BookException} if there is no such artifact. */
    String text(String runId, String artifactPath);

    /** The runs of a book. */
    static RunSource of(MirroredBook store) {
        return new OfBook(store);
    }

    record OfBook(MirroredBook store) implements RunSource {

        @Override
        public List<Run> experiment(String name) {
            return store.book().runs(Optional.of(name), Integer.MAX_VALUE);
        }

        @Override
        public Run find(String idOrName) {
            return store.find(idOrName);
        }

        @Override
        public List<Run> children(String runId) {
            List<Run> children = new ArrayList<>(store.book().children(runId));
            String reused = store.book()
                    .byId(runId)
                    .map(run -> run.tags().getOrDefault(RunInfo.REUSED_TAG, ""))
                    .orElse("");
            for (String id : Splitter.on(' ').omitEmptyStrings().split(reused)) {
                store.book().byId(id).ifPresent(children::add);
            }
            return children;
        }

        @Override
        public List<MetricPoint> history(String runId, String metric) {
            return store.book().history(runId, metric);
        }

        @Override
        public List<String> artifacts(String runId) {
            return store.book().artifacts(runId).list();
        }

        @Override
        public String text(String runId, String artifactPath) {
            try {
                return Files.readString(store.book().artifacts(runId).file(artifactPath));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
