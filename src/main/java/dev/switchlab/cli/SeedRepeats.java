package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.analysis.RunComparison;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.session.Reports;
import dev.switchlab.session.StoredRun;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.tracking.Dataset;
import dev.switchlab.tracking.RunInfo;
import dev.switchlab.tracking.RunLog;
import dev.switchlab.tracking.RunStatus;
import dev.switchlab.tracking.TrackingException;
import dev.switchlab.tracking.TrackingStore;
import dev.switchlab.train.TrainingResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** One experiment with several seeds: a child run each, and a parent run that has mean and confidence interval of what they score. */
final class SeedRepeats {

    private final TrainingInput input;
    private final Device device;
    private final TrackingStore store;
    private final StoreOptions tracking;
    private final Function<Map<String, String>, String> command;

    /**
     * @param command what was typed, with some variables changed
     */
    SeedRepeats(
            TrainingInput input,
            Device device,
            TrackingStore store,
            StoreOptions tracking,
            Function<Map<String, String>, String> command) {
        this.input = input;
        this.device = device;
        this.store = store;
        this.tracking = tracking;
        this.command = command;
    }

    /** Trains with each seed, one after the other, and returns the exit code. */
    int run(List<Long> seeds) throws IOException {
        Map<String, List<Double>> scores = new LinkedHashMap<>();
        try (StopOnSignal stop = StopOnSignal.ofTraining();
                RunLog parent = store.startRun(info(seeds))) {
            for (long seed : seeds) {
                System.out.printf("%nseed %d of %s%n", seed, seeds);
                Map<String, String> variables = Map.of("SEEDS", "", "SEED", Long.toString(seed));
                TrainingInput seeded = input.withSeed(seed);
                ConsoleView view = new ConsoleView(seeded, tracking);
                TrainingSession.Outcome outcome = new TrainingSession(
                                seeded, device, store, tracking.folder(), view, stop)
                        .train(command.apply(variables), Map.of(RunInfo.PARENT_TAG, parent.runId()));
                int exitCode = view.ended(outcome);
                if (!outcome.isComplete()) {
                    parent.finish(RunStatus.KILLED);
                    return exitCode;
                }
                scores(outcome.result())
                        .forEach((metric, value) -> scores.computeIfAbsent(metric, m -> new ArrayList<>())
                                .add(value));
            }
            String summary = log(parent, scores);
            parent.finish(RunStatus.FINISHED);
            System.out.println();
            System.out.print(summary);
            if (seeds.size() > 1) {
                report(parent.runId());
            }
            System.out.println("parent run  " + parent.runId());
            return 0;
        }
    }

    /** All seeds on one page, as the parent's report. */
    private void report(String parent) throws IOException {
        try {
            StoredRun stored = new StoredRun(store, store.findRun(parent));
            System.out.println(
                    "report      " + new Reports(store, tracking.folder()).write(stored.children(), stored.run()));
        } catch (TrackingException e) {
            System.err.println("WARNING: no report now: " + e.getMessage()
                    + "; it can be written later with: make report RUN=" + parent.substring(0, 8));
        }
    }

    private static Map<String, Double> scores(TrainingResult result) {
        Map<String, Double> scores = new LinkedHashMap<>();
        scores.put(MetricNames.FINAL + "train_cross_entropy", result.trainCrossEntropy());
        scores.putAll(result.validation().orElseThrow().metrics(MetricNames.FINAL));
        return scores;
    }

    private static String log(RunLog parent, Map<String, List<Double>> scores) {
        StringBuilder summary = new StringBuilder();
        Map<String, Double> metrics = new LinkedHashMap<>();
        scores.forEach((metric, values) -> {
            MeanInterval interval = MeanInterval.of(values);
            metrics.put(metric + "/mean", interval.mean());
            if (values.size() > 1) {
                metrics.put(metric + "/ci95_low", interval.low());
                metrics.put(metric + "/ci95_high", interval.high());
            }
            summary.append(String.format(
                    Locale.ROOT, "%-26s %s  (mean and 95 %% interval of %d seeds)%n", metric, interval, interval.n()));
        });
        parent.metrics(0, metrics);
        parent.text("seeds.txt", summary.toString());
        return summary.toString();
    }

    private RunInfo info(List<Long> seeds) {
        Experiment experiment = input.experiment();
        Map<String, String> params = new LinkedHashMap<>(experiment.toParams());
        params.remove("seed");
        params.put("seeds", seeds.toString());
        return new RunInfo(
                experiment.id(),
                experiment.id() + "-seeds-" + seeds.get(0) + "-to-" + seeds.get(seeds.size() - 1),
                experiment.about(),
                command.apply(Map.of()),
                "experiments/" + experiment.id() + ".yaml",
                Optional.empty(),
                System.getProperty("user.name"),
                params,
                Map.of(
                        "switchlab.version",
                        Version.current(),
                        RunComparison.SUMMARY_TAG,
                        Integer.toString(seeds.size())),
                Optional.of(new Dataset(
                        input.text().name(), input.text().sha256(), input.text().name(), "training")));
    }
}
