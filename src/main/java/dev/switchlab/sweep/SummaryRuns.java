package dev.switchlab.sweep;

import ai.djl.Device;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.ComparisonText;
import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.analysis.Setting;
import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.provenance.Source;
import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.train.RunLock;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The runs of a sweep that sum up: its parent and, with several settings, one for each setting. They are open while the
 * sweep runs.
 */
final class SummaryRuns implements AutoCloseable {

    private static final int LONGEST_NAME = 200;
    private static final List<String> SCORES = List.of(
            MetricNames.FINAL_TRAIN_CROSS_ENTROPY,
            Comparison.FINAL_SCORE,
            MetricNames.FINAL + MetricNames.BITS_PER_CHAR,
            MetricNames.FINAL + MetricNames.ACCURACY);

    /** The lowest {@link Comparison#FINAL_SCORE} of a run, beside the mean under the score's own name. */
    private static final String BEST_SCORE = Comparison.FINAL_SCORE + "_best";

    private final MirroredBook store;
    private final ResolvedSweep resolved;
    private final Device device;
    private final String command;
    private final String parent;
    private final RunLock lock;
    /** By setting, or {@code ""} for the parent of several. */
    private final Map<String, BookLog> open = new LinkedHashMap<>();

    /** By text and kernels. */
    private final Map<String, Provenance> provenances = new HashMap<>();

    private SummaryRuns(MirroredBook store, ResolvedSweep resolved, Device device, String command, String parent) {
        this.store = store;
        this.resolved = resolved;
        this.device = device;
        this.command = command;
        this.parent = parent;
        this.lock = RunLock.take(store.book().checkpoints(parent), parent);
    }

    /**
     * Begins the summary runs, or resumes those of the same sweep.
     *
     * @param command as typed
     * @param fresh whether to begin anew beside an earlier sweep
     * @throws ExperimentException in one line, if the same call began another sweep that is not finished
     * @throws dev.switchlab.train.TrainingException in one line, if another process runs this sweep
     */
    static SummaryRuns open(MirroredBook store, ResolvedSweep resolved, Device device, String command, boolean fresh)
            throws IOException {
        SweepIdentity identity = resolved.identity();
        Optional<Run> earlier = fresh ? Optional.empty() : earlier(store, resolved, identity);
        String parent = earlier.map(Run::runId).orElseGet(store::newRunId);
        SummaryRuns runs = new SummaryRuns(store, resolved, device, command, parent);
        try {
            runs.openAll(identity);
            return runs;
        } catch (RuntimeException e) {
            runs.close();
            throw e;
        }
    }

    /** The newest sweep of the same call, if it is the same sweep. */
    private static Optional<Run> earlier(MirroredBook store, ResolvedSweep resolved, SweepIdentity identity)
            throws IOException {
        String call = resolved.sweep().spec().call();
        List<Run> calls = store.book().tagged(RunInfo.CALL_TAG).stream()
                .filter(run -> call.equals(run.tags().get(RunInfo.CALL_TAG)))
                .toList();
        if (calls.isEmpty()) {
            return Optional.empty();
        }
        Run newest = calls.get(calls.size() - 1);
        if (identity.digest().equals(newest.tags().get(RunInfo.SWEEP_TAG))) {
            return Optional.of(newest);
        }
        if (newest.isFinished()) {
            return Optional.empty(); // complete, and left alone
        }
        SweepIdentity begun = SweepIdentity.ofJson(
                Files.readString(store.book().artifacts(newest.runId()).file(SweepIdentity.ARTIFACT)),
                "run " + newest.runId());
        throw new ExperimentException("the sweep that this call began (run " + newest.shortId()
                + ") is not finished, and something changed since: "
                + identity.difference(begun).orElse("its files")
                + "; undo the change to continue, or begin anew beside it with NEW=true");
    }

    private Provenance provenance(TrainingInput input) {
        return provenances.computeIfAbsent(
                input.data().corpus().name() + " " + input.kernels(),
                text -> input.provenance(command, device, input.kernels(), "", 1, false));
    }

    private void openAll(SweepIdentity identity) {
        Sweep sweep = resolved.sweep();
        Map<String, String> parentTags = new TreeMap<>();
        parentTags.put(RunInfo.CALL_TAG, sweep.spec().call());
        parentTags.put(RunInfo.SWEEP_TAG, identity.digest());
        parentTags.put(RunInfo.SUMMARY_TAG, Integer.toString(sweep.runs().size()));
        if (!resolved.hasOneSetting()) {
            open("", parent, sweepInfo(parentTags));
        }
        sweep.settings().forEach((row, runs) -> {
            SweepRun first = runs.get(0);
            Map<String, String> tags = new TreeMap<>();
            if (resolved.hasOneSetting()) {
                tags.putAll(parentTags);
            } else {
                tags.put(RunInfo.PARENT_TAG, parent);
                tags.put(RunInfo.SWEEP_TAG, identity.digest());
                tags.put(RunInfo.SUMMARY_TAG, Integer.toString(runs.size()));
            }
            tags.put(RunInfo.SETTING_TAG, first.setting());
            TrainingInput input = resolved.inputs().get(row);
            String seeds = SweepSpec.seedsText(runs.stream().map(SweepRun::seed).toList());
            RunInfo info = input.parentInfo(store, provenance(input), seeds, tags);
            open(row, resolved.settingRunId(parent, first), info);
        });
        BookLog parentLog = open.values().iterator().next();
        parentLog.text(SweepIdentity.ARTIFACT, identity.toJson());
        parentLog.sync();
    }

    /** Begins a run or resumes it; the finished run of a setting stays closed. */
    private void open(String row, String runId, RunInfo info) {
        Optional<Run> existing = store.book().byId(runId);
        if (existing.isEmpty()) {
            open.put(row, store.begin(info, runId));
        } else if (runId.equals(parent) || !existing.get().isFinished()) {
            open.put(row, store.resume(runId, -1));
        }
    }

    private RunInfo sweepInfo(Map<String, String> more) {
        Sweep sweep = resolved.sweep();
        SweepSpec spec = sweep.spec();
        TrainingInput first = resolved.inputs().values().iterator().next();
        Provenance provenance = provenance(first);
        Map<String, String> tags = new TreeMap<>(provenance.tags());
        tags.putAll(Source.repository(Path.of("").toAbsolutePath()));
        tags.putAll(more);
        Map<String, String> params = new TreeMap<>();
        params.put("experiments", String.join(" ", spec.experiments()));
        params.put("set", ExperimentLoader.text(spec.set()));
        params.put("variants", String.join("; ", spec.variants().keySet()));
        params.put("grid", spec.grid().toString());
        params.put("seeds", SweepSpec.seedsText(spec.seeds()));
        params.put("device", provenance.computation().device());
        params.put("threads", Integer.toString(resolved.conditions().threads()));
        params.values().removeIf(String::isEmpty);
        String name = spec.title();
        boolean oneText = resolved.inputs().values().stream()
                        .map(TrainingInput::dataset)
                        .distinct()
                        .count()
                == 1;
        return new RunInfo(
                store.experimentName(first.experiment().id()),
                first.experiment().about(),
                name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) + " ..." : name,
                spec.about().isEmpty() ? "A sweep of " + sweep.runs().size() + " runs." : spec.about(),
                command,
                spec.name().isEmpty() ? "experiments/" + first.experiment().id() + ".yaml" : spec.file(),
                Optional.of(provenance.source().commit()).filter(commit -> !commit.isEmpty()),
                System.getProperty("user.name"),
                params,
                tags,
                oneText ? Optional.of(first.dataset()) : Optional.empty());
    }

    /** Id of the sweep's parent. */
    String parent() {
        return parent;
    }

    /**
     * Records mean and 95 % interval of the scores of a setting all of whose runs are done, under the names and at the
     * step of the scores themselves, so that charts draw them together. An earlier summary stays as it is.
     *
     * @param setting named by its row
     */
    void sumUp(Setting setting) {
        String row = setting.name();
        BookLog log = open.get(row);
        if (log != null) {
            log.metrics(resolved.inputs().get(row).experiment().train().steps(), metrics(setting));
            log.text("seeds.txt", allScores(setting));
            if (!resolved.hasOneSetting()) {
                open.remove(row);
                close(log, RunStatus.FINISHED);
            }
        }
    }

    /** Records best and mean score of all runs that are done, at their number as step. */
    void sumUpAll(List<Run> done) {
        double[] scores = done.stream()
                .mapToDouble(run -> run.metric(Comparison.FINAL_SCORE))
                .filter(Double::isFinite)
                .toArray();
        if (!resolved.hasOneSetting() && scores.length > 0) {
            double mean = Arrays.stream(scores).average().orElseThrow();
            double best = Arrays.stream(scores).min().orElseThrow();
            open.get("").metrics(scores.length, Map.of(Comparison.FINAL_SCORE, mean, BEST_SCORE, best));
        }
    }

    private static Map<String, Double> metrics(Setting setting) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        for (String metric : SCORES) {
            MeanInterval score = setting.mean(metric);
            if (score.n() > 0) {
                metrics.put(metric, score.mean());
            }
            setting.best(metric)
                    .filter(best -> metric.equals(Comparison.FINAL_SCORE))
                    .ifPresent(best -> metrics.put(BEST_SCORE, best.metric(metric)));
            if (score.n() > 1) {
                metrics.put(metric + "_ci95_low", score.low());
                metrics.put(metric + "_ci95_high", score.high());
            }
        }
        return metrics;
    }

    /** Scores for the user: all of one setting, or several settings compared with the first. */
    String text(List<Setting> settings) {
        Setting first = settings.get(0);
        return settings.size() == 1
                ? first.name() + "\n" + allScores(first)
                : new ComparisonText(Comparison.of(RunSource.of(store), settings, first.name(), Map.of(), Double.NaN))
                        .text();
    }

    private static String allScores(Setting setting) {
        return SCORES.stream()
                .filter(metric -> setting.mean(metric).n() > 0)
                .map(metric -> String.format(
                        Locale.ROOT,
                        "%-26s %s  (%s)%n",
                        metric,
                        setting.mean(metric),
                        setting.mean(metric).n() == 1
                                ? "one seed"
                                : "mean and 95 % interval of "
                                        + setting.mean(metric).n() + " seeds"))
                .collect(Collectors.joining());
    }

    /** Ends the open runs. */
    void end(RunStatus status) {
        List<BookLog> logs = List.copyOf(open.values());
        open.clear();
        logs.forEach(log -> close(log, status));
    }

    private static void close(BookLog log, RunStatus status) {
        log.finish(status);
        log.close();
    }

    @Override
    public void close() {
        try {
            end(RunStatus.FAILED);
        } finally {
            lock.close();
        }
    }
}
