package dev.switchlab.runs;

import dev.switchlab.runs.mirror.MirroredBook;
import java.util.Map;
import java.util.Optional;

/** Runs as the command line would describe them. */
public final class TestRuns {
    private static final Map<String, String> PARAMS = Map.of("model.heads", "4", "seed", "1");

    private TestRuns() {}

    public static RunInfo info() {
        return of("smoke");
    }

    public static RunInfo of(String experiment) {
        return run(experiment, "smoke seed 1", PARAMS, Map.of("corpus", "dickens"));
    }

    public static RunInfo withParams(Map<String, String> params) {
        return run("smoke", "smoke seed 1", params, Map.of());
    }

    public static RunInfo childOf(String parent) {
        return named("child", Map.of(RunInfo.PARENT_TAG, parent));
    }

    public static RunInfo named(String name, Map<String, String> tags) {
        return run("smoke", name, PARAMS, tags);
    }

    private static RunInfo run(String experiment, String name, Map<String, String> params, Map<String, String> tags) {
        return new RunInfo(
                experiment,
                "About " + experiment + ".",
                name,
                "A *small* run.",
                "make train EXPERIMENT=smoke SEED=1",
                "experiments/smoke.yaml",
                Optional.of("0123456789abcdef"),
                "ada",
                params,
                tags,
                Optional.of(new Dataset(
                        "tiny-shakespeare",
                        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
                        "https://example.org/input.txt",
                        1_115_394,
                        65,
                        1_003_854,
                        111_540)));
    }

    /** Begins {@link #info} with a new id. */
    public static BookLog start(Book book) {
        return start(book, info());
    }

    public static BookLog start(Book book, RunInfo info) {
        return book.start(info, Book.newRunId());
    }

    /** Begins {@link #info} with a new id or that of MLFLOW_RUN_ID. */
    public static BookLog begin(MirroredBook book) {
        return begin(book, info());
    }

    public static BookLog begin(MirroredBook book, RunInfo info) {
        return book.begin(info, book.newRunId());
    }

    /** Logs two metrics at each step. */
    public static void log(BookLog log, int from, int to) {
        for (int step = from; step <= to; step++) {
            log.metrics(step, Map.of("train/loss", 1.0 / step, "train/grad_norm", (double) step));
        }
    }
}
