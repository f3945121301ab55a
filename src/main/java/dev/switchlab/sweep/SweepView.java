package dev.switchlab.sweep;

import java.nio.file.Path;
import java.util.List;

/** Who watches a sweep. Calls come from one thread at a time. */
public interface SweepView {

    /**
     * The sweep has its runs in the book, and no child was started in this call yet.
     *
     * @param parent the id of its parent run
     * @param progress how children stand, now and from now on
     * @param launcher where they will run
     */
    void begun(String parent, SweepProgress progress, Launcher launcher);

    /** A child stands otherwise than before. */
    void changed(Child child, ChildState state);

    /** All that this call could do is done; what is said from now on stands below the table. */
    void ended();

    /** Settings all of whose children are done, in order. */
    void summaries(List<SettingSummary> settings);

    /** The sweep's report was written. */
    void report(Path file);

    /** Something is not as it should be, and the sweep goes on. */
    void warning(String text);

    /** Children that failed, each with a line that says why and the command that repeats it. */
    void failures(List<String> lines);
}
