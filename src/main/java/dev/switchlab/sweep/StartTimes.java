package dev.switchlab.sweep;

import dev.switchlab.data.CorpusStore;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.runs.Book;
import dev.switchlab.sweep.ChildState.Done;
import dev.switchlab.sweep.ChildState.Failed;
import dev.switchlab.sweep.ChildState.Running;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * How long it takes to start a child and to end it, apart from its steps: measured with children that take a single
 * small one.
 */
public final class StartTimes {

    /** From the process' start to the moment when its first step begins, in ms. */
    public static final String START = "to the first step";

    /** From the end of its step to the end of the process, in ms: scores, sample, weights. */
    public static final String END = "from the last step";

    private static final Experiment TINY = Experiment.of(
            Semantics.PAPER,
            "corpus=" + CorpusStore.DICKENS
                    + " train_fraction=0.998 model.d_model=32 model.heads=2 model.d_ff=64 model.n_layers=2"
                    + " train.steps=1 train.batch_size=4 train.seq_len=32 train.eval_batches=1 train.sample_every=0"
                    + " train.sample_length=5");

    private StartTimes() {}

    /**
     * Starts children, one after the other, in a book of their own. The first leaves an archive of classes, where there
     * is none yet, and is not counted.
     *
     * @param rounds how many are counted
     * @return by part, {@value #START}, {@value #END} and {@code total}: a time of each, in ms
     */
    public static Map<String, List<Double>> measure(ChildStart start, int threads, int rounds)
            throws IOException, InterruptedException {
        Map<String, List<Double>> times = new LinkedHashMap<>();
        Path folder = Files.createTempDirectory("switchlab-start");
        try {
            for (int round = 0; round <= rounds; round++) {
                ChildPlan plan = new ChildPlan(
                        round + 1,
                        Book.newRunId(),
                        "start",
                        false,
                        TINY.toYaml(),
                        CorpusStore.DICKENS,
                        "",
                        "auto",
                        "cpu",
                        threads,
                        "make bench",
                        Map.of());
                plan.write(folder);
                Clock clock = new Clock();
                new LocalLauncher(start, folder, 1, threads, OptionalLong::empty).run(folder, List.of(plan), clock);
                if (round > 0) {
                    clock.addTo(times);
                }
            }
            return times;
        } finally {
            delete(folder);
        }
    }

    /** Takes the time of one child. */
    private static final class Clock implements Launcher.Observer {

        private final long begin = System.nanoTime();
        private final List<Long> steps = new ArrayList<>();
        private long end;

        @Override
        public void changed(ChildPlan child, ChildState state) {
            if (state instanceof Failed failed) {
                throw new IllegalStateException("a child could not be started: " + failed.reason());
            } else if (state instanceof Running running && running.steps() > 0) {
                steps.add(System.nanoTime());
            } else if (state instanceof Done) {
                end = System.nanoTime();
            }
        }

        void addTo(Map<String, List<Double>> times) {
            long first = steps.get(0);
            long last = steps.get(steps.size() - 1);
            add(times, "total", end - begin - (last - first));
            add(times, START, first - begin);
            add(times, END, end - last);
        }

        private static void add(Map<String, List<Double>> times, String part, long nanoseconds) {
            times.computeIfAbsent(part, name -> new ArrayList<>()).add(nanoseconds / 1e6);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
