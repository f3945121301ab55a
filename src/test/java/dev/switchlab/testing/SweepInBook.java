package dev.switchlab.testing;

import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.TestRuns;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** A sweep of two settings with two seeds each, nested like a real sweep, without training. */
public final class SweepInBook {

    /** Name of the sweep's run. */
    public static final String NAME = "smoke model.n_experts=2,4 seeds 1..2";

    private SweepInBook() {}

    /**
     * Writes the sweep into a book. Scores are 2.81 and 2.82 with two experts, 2.61 and 2.62 with four.
     *
     * @return the id of the sweep's run
     */
    public static String make(MirroredBook store) throws IOException {
        String sweep = run(store, NAME, Map.of(), Map.of(RunInfo.SUMMARY_TAG, "4", RunInfo.SWEEP_TAG, "00"), 0);
        for (int experts : new int[] {2, 4}) {
            String setting = "model.n_experts=" + experts;
            Map<String, String> tags = new HashMap<>(
                    Map.of(RunInfo.PARENT_TAG, sweep, RunInfo.SWEEP_TAG, "00", RunInfo.SETTING_TAG, setting));
            tags.put(RunInfo.SUMMARY_TAG, "2");
            String parent = run(store, "smoke " + setting + " seeds 1..2", Map.of(), tags, 0);
            tags.remove(RunInfo.SUMMARY_TAG);
            tags.put(RunInfo.PARENT_TAG, parent);
            for (int seed = 1; seed <= 2; seed++) {
                Map<String, String> params =
                        Map.of("seed", Integer.toString(seed), "model.n_experts", Integer.toString(experts));
                run(store, "smoke " + setting + " seed " + seed, params, tags, 3 - 0.1 * experts + 0.01 * seed);
            }
        }
        return sweep;
    }

    private static String run(
            MirroredBook store, String name, Map<String, String> params, Map<String, String> tags, double score)
            throws IOException {
        RunInfo info = new RunInfo(
                "smoke",
                "",
                name,
                "",
                "make sweep",
                "smoke.yaml",
                Optional.empty(),
                "ada",
                params,
                tags,
                Optional.empty());
        try (BookLog log = TestRuns.begin(store, info)) {
            if (score > 0) {
                log.metrics(10, Map.of("train/cross_entropy", 4.0, "train/tokens_per_second", 1000.0));
                log.metrics(20, Map.of("train/cross_entropy", 3.0, "final/cross_entropy", score));
            }
            log.finish(RunStatus.FINISHED);
            return log.runId();
        }
    }
}
