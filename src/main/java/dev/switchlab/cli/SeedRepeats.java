package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MirroredLog;
import dev.switchlab.session.Reports;
import dev.switchlab.session.StoredRun;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.sweep.Seeds;
import dev.switchlab.train.RunStatus;
import dev.switchlab.train.TrainingResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One experiment with several seeds: a child run each, and a parent run that has mean and confidence interval of what they score. */
final class SeedRepeats {

    private final TrainingInput input;
    private final Device device;
    private final MirroredBook store;
    private final TrainingOptions training;

    SeedRepeats(TrainingInput input, Device device, MirroredBook store, TrainingOptions training) {
        this.input = input;
        this.device = device;
        this.store = store;
        this.training = training;
    }

    /** Trains with each seed, one after the other, and returns the exit code. */
    int run(List<Long> seeds) throws IOException {
        Map<String, List<Double>> scores = new LinkedHashMap<>();
        try (StopOnSignal stop = new StopOnSignal();
                MirroredLog mirrored = store.begin(info(seeds))) {
            BookLog parent = mirrored.log();
            for (long seed : seeds) {
                System.out.printf("%nseed %d of %s%n", seed, seeds);
                String command = training.typed(Map.of("SEEDS", "", "SEED", Long.toString(seed)));
                Map<String, String> tags = Map.of(RunInfo.PARENT_TAG, parent.runId());
                TrainingSession.Outcome outcome = training.train(
                        input.withSeed(seed), device, store, stop, session -> session.train(command, tags));
                if (!outcome.isComplete()) {
                    parent.finish(RunStatus.KILLED);
                    return TrainingOptions.exitCode(outcome);
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
            StoredRun stored = new StoredRun(store, store.find(parent));
            System.out.println("report      " + new Reports(store).write(stored.children(), stored.run()));
        } catch (BookException e) {
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

    /** Under the names and at the step that the children have, so that charts draw them together. */
    private String log(BookLog parent, Map<String, List<Double>> scores) {
        StringBuilder summary = new StringBuilder();
        Map<String, Double> metrics = new LinkedHashMap<>();
        scores.forEach((metric, values) -> {
            MeanInterval interval = MeanInterval.of(values);
            metrics.put(metric, interval.mean());
            if (values.size() > 1) {
                metrics.put(metric + "_ci95_low", interval.low());
                metrics.put(metric + "_ci95_high", interval.high());
            }
            summary.append(String.format(
                    Locale.ROOT, "%-26s %s  (mean and 95 %% interval of %d seeds)%n", metric, interval, interval.n()));
        });
        parent.metrics(input.experiment().train().steps(), metrics);
        parent.text("seeds.txt", summary.toString());
        return summary.toString();
    }

    private RunInfo info(List<Long> seeds) {
        Provenance provenance = Provenance.collect(
                input.experiment(),
                training.typed(Map.of()),
                input.text(),
                device,
                input.kernelsOn(device).toString(),
                "");
        return input.parentInfo(
                store, provenance, Seeds.shown(seeds), Map.of(RunInfo.SUMMARY_TAG, Integer.toString(seeds.size())));
    }
}
