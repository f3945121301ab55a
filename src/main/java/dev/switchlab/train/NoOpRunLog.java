package dev.switchlab.train;

import java.util.Map;

/** Keeps nothing and shows nothing of a run, because somebody else does. */
public final class NoOpRunLog implements RunLog, TrainingProgress {

    @Override
    public String runId() {
        return "";
    }

    @Override
    public void metrics(long step, Map<String, Double> metrics) {
        // not kept
    }

    @Override
    public void text(String path, String content) {
        // not kept
    }

    @Override
    public void sync() {
        // nothing was kept
    }
}
