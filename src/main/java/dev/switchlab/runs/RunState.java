package dev.switchlab.runs;

import dev.switchlab.runs.db.DatasetsTable.DatasetRow;
import dev.switchlab.runs.db.PointRow;
import dev.switchlab.runs.db.RunsTable.RunRow;
import java.util.List;
import java.util.Map;

/**
 * The state of a run in a store at one moment, without its older points and its files.
 *
 * @param row name, status and times
 * @param experimentTags tags of the run's experiment
 * @param latest the latest point of every metric, by key
 */
public record RunState(
        RunRow row,
        Map<String, String> experimentTags,
        Map<String, String> params,
        Map<String, String> tags,
        Map<String, PointRow> latest,
        List<DatasetRow> datasets) {

    /** Whether the run has ended and is not running again. */
    public boolean hasEnded() {
        return row.endTime().isPresent() && !row.status().equals("RUNNING");
    }
}
