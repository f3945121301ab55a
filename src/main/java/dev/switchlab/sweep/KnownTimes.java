package dev.switchlab.sweep;

import dev.switchlab.experiment.LaterSettings;
import dev.switchlab.runs.Book;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * How long children may take, from finished runs in the book: the mean of those of the same settings, or else of the
 * same experiment, by the number of steps. Runs with another number of threads, or that did not take all their steps in
 * one go, tell nothing.
 */
public final class KnownTimes {

    /** As many of an experiment's newest runs are looked at. */
    private static final int RECENT = 200;

    private static final Set<String> NO_SETTING = Set.of("seed", "device", "threads");

    private final Book book;
    private final String threads;
    private final Map<String, List<Run>> runs = new HashMap<>();
    private final Map<String, OptionalDouble> times = new HashMap<>();

    /**
     * @param book where finished runs are
     * @param threads of each child
     */
    public KnownTimes(Book book, int threads) {
        this.book = book;
        this.threads = Integer.toString(threads);
    }

    /** Seconds that a child may take, from its begin to its end; empty if nothing like it was run. */
    public OptionalDouble of(Child child) {
        return times.computeIfAbsent(child.row(), row -> ofSetting(child));
    }

    private OptionalDouble ofSetting(Child child) {
        List<Run> known = runs.computeIfAbsent(child.experiment().id(), this::finished);
        Set<Map.Entry<String, String>> settings =
                new HashSet<>(child.experiment().toParams().entrySet());
        settings.removeIf(setting -> NO_SETTING.contains(setting.getKey()));
        List<Run> same = known.stream()
                .filter(run -> LaterSettings.complete(run.params()).entrySet().containsAll(settings))
                .toList();
        return mean(same.isEmpty() ? known : same, child.experiment().train().steps());
    }

    private List<Run> finished(String experiment) {
        return book.runs(Optional.of(experiment), RECENT).stream()
                .filter(run -> run.status().equals("FINISHED") && run.end().isPresent())
                .filter(run -> !run.tags().containsKey(RunInfo.SUMMARY_TAG))
                .filter(run -> threads.equals(run.params().get("threads")))
                .filter(run -> !run.params().containsKey("ranks")) // children have one process each
                .filter(run -> !wasResumed(run))
                .toList();
    }

    private boolean wasResumed(Run run) {
        return book.artifacts(run.runId()).list().stream().anyMatch(path -> path.startsWith("resumed/"));
    }

    private static OptionalDouble mean(List<Run> runs, int steps) {
        List<Double> seconds = new ArrayList<>();
        for (Run run : runs) {
            double taken = Double.parseDouble(run.params().getOrDefault("train.steps", "NaN"));
            double whole =
                    Duration.between(run.start(), run.end().orElseThrow()).toMillis() / 1e3;
            if (taken > 0) {
                seconds.add(whole / taken * steps);
            }
        }
        return seconds.stream().mapToDouble(Double::doubleValue).average();
    }
}
