package dev.switchlab.tracking;

import java.util.Map;
import java.util.Optional;

/** A run as the command line would describe it. */
final class TestRuns {
    private TestRuns() {}

    static RunInfo info() {
        return new RunInfo(
                "smoke",
                "smoke seed 1",
                "A *small* run.",
                "make train EXPERIMENT=smoke SEED=1",
                "experiments/smoke.yaml",
                Optional.of("0123456789abcdef"),
                "ada",
                Map.of("model.heads", "4", "seed", "1"),
                Map.of("corpus", "dickens"),
                Optional.of(new Dataset(
                        "tiny-shakespeare",
                        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
                        "https://example.org/input.txt",
                        "training")));
    }

    /** The same below a parent. */
    static RunInfo childOf(String parent) {
        RunInfo info = info();
        return new RunInfo(
                info.experimentName(),
                "child",
                info.description(),
                info.command(),
                info.sourceName(),
                info.gitCommit(),
                info.user(),
                info.params(),
                Map.of(RunInfo.PARENT_TAG, parent),
                info.dataset());
    }
}
