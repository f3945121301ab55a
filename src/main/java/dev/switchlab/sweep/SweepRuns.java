package dev.switchlab.sweep;

import ai.djl.Device;
import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.BookLog;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.train.RunLock;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The runs of a sweep that sum up: its parent and, where it has several settings, one for each. They are open while the
 * sweep runs.
 */
final class SweepRuns implements AutoCloseable {

    private static final int LONGEST_NAME = 200;
    private static final List<String> SCORES = List.of(
            MetricNames.FINAL_TRAIN_CROSS_ENTROPY,
            MetricNames.FINAL + MetricNames.CROSS_ENTROPY,
            MetricNames.FINAL + MetricNames.BITS_PER_CHAR,
            MetricNames.FINAL + MetricNames.ACCURACY);

    private final MirroredBook store;
    private final ReadySweep ready;
    private final String parent;
    private final RunLock lock;
    private final Map<String, BookLog> open = new LinkedHashMap<>();

    private SweepRuns(MirroredBook store, ReadySweep ready, String parent, RunLock lock) {
        this.store = store;
        this.ready = ready;
        this.parent = parent;
        this.lock = lock;
    }

    /**
     * Begins the runs of a sweep, or goes on with those of the same sweep.
     *
     * @param command what was typed
     * @param fresh whether to begin anew beside an earlier one
     * @throws ExperimentException in one line, if the same call began another sweep that is not finished
     * @throws dev.switchlab.train.TrainingException in one line, if another process runs this sweep
     */
    static SweepRuns open(MirroredBook store, ReadySweep ready, Device device, String command, boolean fresh)
            throws IOException {
        SweepIdentity identity = ready.identity();
        Optional<Run> earlier = fresh ? Optional.empty() : earlier(store, ready, identity);
        String parent = earlier.map(Run::runId).orElseGet(store::newRunId);
        RunLock lock = RunLock.take(store.book().checkpoints(parent), parent);
        SweepRuns runs = new SweepRuns(store, ready, parent, lock);
        boolean opened = false;
        try {
            runs.openAll(identity, new Commanded(device, command));
            opened = true;
            return runs;
        } finally {
            if (!opened) {
                runs.close();
            }
        }
    }

    /** The newest sweep of the same call, if it is the same sweep. */
    private static Optional<Run> earlier(MirroredBook store, ReadySweep ready, SweepIdentity identity)
            throws IOException {
        String call = ready.sweep().request().call();
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
        if (newest.status().equals(RunStatus.FINISHED.name())) {
            return Optional.empty(); // that one is whole, and stays as it is
        }
        String source = "run " + newest.runId();
        SweepIdentity begun = SweepIdentity.ofJson(
                Files.readString(store.book().artifacts(newest.runId()).file(SweepIdentity.ARTIFACT)), source);
        throw new ExperimentException("the sweep that this call began (run " + newest.shortId()
                + ") is not finished, and since then something changed: "
                + identity.difference(begun).orElse("its files")
                + "; put it back to go on, or begin anew beside it with NEW=true");
    }

    /** Where and by what the parents' provenance is made, once for each text. */
    private record Commanded(Device device, String command, Map<String, Provenance> known) {

        Commanded(Device device, String command) {
            this(device, command, new HashMap<>());
        }

        Provenance of(TrainingInput input) {
            return known.computeIfAbsent(
                    input.data().corpus().name() + " " + input.kernels(),
                    text -> input.provenance(command, device, input.kernels(), "", 1, false));
        }
    }

    private void openAll(SweepIdentity identity, Commanded commanded) {
        Sweep sweep = ready.sweep();
        Map<String, String> tags = new TreeMap<>();
        tags.put(RunInfo.CALL_TAG, sweep.request().call());
        tags.put(RunInfo.SWEEP_TAG, identity.digest());
        tags.put(RunInfo.SUMMARY_TAG, Integer.toString(sweep.children().size()));
        if (ready.hasOneSetting()) {
            String row = sweep.children().get(0).row();
            tags.put(RunInfo.SETTING_TAG, sweep.children().get(0).setting());
            open(row, parent, settingInfo(row, commanded, tags));
        } else {
            open("", parent, sweepInfo(commanded, tags));
            ready.inputs().keySet().forEach(row -> {
                List<Child> children = sweep.settings().get(row);
                Map<String, String> own = new TreeMap<>();
                own.put(RunInfo.PARENT_TAG, parent);
                own.put(RunInfo.SWEEP_TAG, identity.digest());
                own.put(RunInfo.SETTING_TAG, children.get(0).setting());
                own.put(RunInfo.SUMMARY_TAG, Integer.toString(children.size()));
                open(row, ready.settingRunId(parent, row), settingInfo(row, commanded, own));
            });
        }
        log(parent).text(SweepIdentity.ARTIFACT, identity.toJson());
        log(parent).sync();
    }

    private void open(String row, String runId, RunInfo info) {
        Optional<Run> there = store.book().byId(runId);
        boolean isParent = runId.equals(parent);
        if (there.isEmpty()) {
            open.put(row, store.begin(info, runId));
        } else if (isParent || !there.get().status().equals(RunStatus.FINISHED.name())) {
            open.put(row, store.resume(runId, -1));
        }
    }

    private RunInfo settingInfo(String row, Commanded commanded, Map<String, String> tags) {
        TrainingInput input = ready.inputs().get(row);
        List<Long> seeds =
                ready.sweep().settings().get(row).stream().map(Child::seed).toList();
        return input.parentInfo(store, commanded.of(input), Seeds.shown(seeds), tags);
    }

    private RunInfo sweepInfo(Commanded commanded, Map<String, String> more) {
        Sweep sweep = ready.sweep();
        SweepRequest request = sweep.request();
        TrainingInput first = ready.inputs().values().iterator().next();
        Provenance provenance = commanded.of(first);
        Map<String, String> tags = new TreeMap<>(provenance.tags());
        tags.putAll(more);
        Map<String, String> params = new TreeMap<>();
        params.put("experiments", String.join(" ", request.experiments()));
        params.put("set", ExperimentLoader.text(request.set()));
        params.put("variants", String.join("; ", request.variants().keySet()));
        params.put("grid", request.grid().toString());
        params.put("seeds", Seeds.shown(request.seeds()));
        params.put("device", provenance.computation().device());
        params.put("threads", Integer.toString(ready.conditions().threads()));
        params.values().removeIf(String::isEmpty);
        String name = "sweep " + request.words();
        return new RunInfo(
                store.experimentName(first.experiment().id()),
                first.experiment().about(),
                name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) + " ..." : name,
                request.about().isEmpty() ? "A sweep of " + sweep.children().size() + " runs." : request.about(),
                commanded.command(),
                request.name().isEmpty() ? "experiments/" + first.experiment().id() + ".yaml" : request.file(),
                Optional.of(provenance.source().commit()).filter(commit -> !commit.isEmpty()),
                System.getProperty("user.name"),
                params,
                tags,
                Optional.empty());
    }

    /** The id of the sweep's parent. */
    String parent() {
        return parent;
    }

    private BookLog log(String runId) {
        return open.values().stream()
                .filter(log -> log.runId().equals(runId))
                .findFirst()
                .orElseThrow();
    }

    /**
     * Sums up a setting all of whose children are done: mean and 95 % interval of their scores, under the names and at
     * the step that they have, so that charts draw them together. A setting that was summed up before stays as it is.
     *
     * @param children their runs
     * @return what it is summed up to
     */
    SettingSummary sumUp(String row, List<Run> children) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        StringBuilder summary = new StringBuilder();
        MeanInterval score = new MeanInterval(children.size(), Double.NaN, Double.NaN);
        for (String metric : SCORES) {
            List<Double> values = new ArrayList<>();
            children.forEach(
                    child -> Optional.ofNullable(child.metrics().get(metric)).ifPresent(values::add));
            if (values.isEmpty()) {
                continue;
            }
            MeanInterval interval = MeanInterval.of(values.stream().mapToDouble(Double::doubleValue).toArray());
            score = metric.equals(MetricNames.FINAL + MetricNames.CROSS_ENTROPY) ? interval : score;
            metrics.put(metric, interval.mean());
            if (values.size() > 1) {
                metrics.put(metric + "_ci95_low", interval.low());
                metrics.put(metric + "_ci95_high", interval.high());
            }
            summary.append(String.format(
                    Locale.ROOT, "%-26s %s  (mean and 95 %% interval of %d seeds)%n", metric, interval, interval.n()));
        }
        BookLog log = open.get(row);
        if (log != null) {
            int steps = ready.inputs().get(row).experiment().train().steps();
            log.metrics(steps, metrics);
            log.text("seeds.txt", summary.toString());
            if (!ready.hasOneSetting()) {
                log.finish(RunStatus.FINISHED);
                log.close();
                open.remove(row);
            }
        }
        return new SettingSummary(row, score, summary.toString());
    }

    /** Ends what is open. */
    void end(RunStatus status) {
        List<BookLog> logs = new ArrayList<>(open.values());
        open.clear();
        for (BookLog log : logs) {
            log.finish(status);
            log.close();
        }
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
