package dev.switchlab.sweep;

import com.google.common.collect.ImmutableMap;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.runs.Book;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Time to start and to end the process of a run, apart from its steps, measured with runs of one small step. */
public final class StartTimes {

    /** From the start of the process to the begin of its first step. */
    public static final String START = "to the first step";

    /** From the end of the step to the end of the process: scores, sample, weights. */
    public static final String END = "from the last step";

    private static final Experiment TINY = Experiment.of(
            Semantics.PAPER,
            "corpus=" + CorpusStore.DICKENS
                    + " train_fraction=0.998 model.d_model=32 model.heads=2 model.d_ff=64 model.n_layers=2"
                    + " train.steps=1 train.batch_size=4 train.seq_len=32 train.eval_batches=1 train.sample_every=0"
                    + " train.sample_length=5");

    private StartTimes() {}

    /**
     * Starts runs one after another in a book of their own. The first one, which may leave an archive of classes, is
     * not counted.
     *
     * @param rounds runs that are counted
     * @return times in ms by part: {@value #START}, {@value #END} and {@code total}
     */
    public static Map<String, List<Double>> measure(WorkerJvm jvm, int threads, int rounds)
            throws IOException, InterruptedException {
        Map<String, List<Double>> times = new LinkedHashMap<>();
        Path folder = Files.createTempDirectory("switchlab-start");
        try {
            for (int round = 0; round <= rounds; round++) {
                Map<String, Double> parts = run(jvm, threads, new SweepFolder(folder), round + 1);
                if (round > 0) {
                    parts.forEach((part, ms) -> times.computeIfAbsent(part, name -> new ArrayList<>())
                            .add(ms));
                }
            }
            return times;
        } finally {
            MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        }
    }

    private static Map<String, Double> run(WorkerJvm jvm, int threads, SweepFolder folder, int number)
            throws IOException, InterruptedException {
        folder.write(new RunPlan(
                number,
                Book.newRunId(),
                "start",
                false,
                TINY.toYaml(),
                CorpusStore.DICKENS,
                "",
                Map.of(),
                "auto",
                "cpu",
                threads,
                "make bench",
                Map.of()));
        SweepRun run = new SweepRun(number, "", TINY, "", Map.of(), Map.of());
        List<Long> steps = new ArrayList<>();
        List<Long> end = new ArrayList<>();
        long begin = System.nanoTime();
        LocalLauncher launcher = new LocalLauncher(jvm, folder.path(), 1, threads, OptionalLong::empty);
        launcher.run(folder, List.of(run), (same, status) -> {
            if (status instanceof Failed failed) {
                throw new IllegalStateException("a run could not be started: " + failed.reason());
            } else if (status instanceof Running running && running.steps() > 0) {
                steps.add(System.nanoTime());
            } else if (status instanceof Done) {
                end.add(System.nanoTime());
            }
        });
        double start = (steps.get(0) - begin) / 1e6;
        double rest = (end.get(0) - steps.get(steps.size() - 1)) / 1e6;
        return ImmutableMap.of("total", start + rest, START, start, END, rest);
    }
}
