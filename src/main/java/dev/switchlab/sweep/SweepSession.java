package dev.switchlab.sweep;

import ai.djl.Device;
import dev.switchlab.analysis.Setting;
import dev.switchlab.provenance.Machine;
import dev.switchlab.runs.ArtifactFolder;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.Origins;
import dev.switchlab.session.Reports;
import dev.switchlab.session.StoredRun;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Waiting;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One call of a sweep.
 *
 * <ol>
 *   <li>Its summary runs are begun in the book, or resumed.
 *   <li>Finished runs stay. Interrupted ones are resumed; failed ones stay failed, or are tried once more on request.
 *   <li>Complete settings are summed up.
 * </ol>
 */
public final class SweepSession {

    private static final String REPORT = "report      ";

    private final ResolvedSweep resolved;
    private final Device device;
    private final MirroredBook store;
    private final Launcher launcher;
    private final Options options;
    private final View view;
    private final List<SweepRun> runs;
    /** The id of each run in the book: its own, or that of an equal run. */
    private final Map<SweepRun, String> runIds = new HashMap<>();

    private final Set<SweepRun> retried = new HashSet<>();
    private volatile boolean stopRequested;

    /**
     * How a sweep is run; no part of its identity.
     *
     * @param command as typed
     * @param retry whether a failed run is tried once more in this call
     * @param failFast whether the first failure stops the sweep
     * @param fresh whether to begin anew beside an earlier sweep of the same call
     * @param reuse whether a run counts as done if the book has an equal one, whatever that was trained for
     */
    public record Options(String command, boolean retry, boolean failFast, boolean fresh, boolean reuse) {}

    /**
     * Result of a call.
     *
     * @param parent id of the sweep's parent run
     * @param progress status of each run
     * @param isStopped whether {@link #stop} was called
     */
    public record Outcome(String parent, SweepProgress progress, boolean isStopped) {}

    /** Shows a sweep. Calls come from one thread at a time. */
    public interface View {

        /**
         * The summary runs are open, and no run was started in this call yet.
         *
         * @param parent id of the parent run
         * @param progress status of each run, now and from now on
         */
        void begun(String parent, SweepProgress progress, Launcher launcher);

        /** The status of a run changed. */
        void changed(SweepRun run, Status status);

        /** No more run is started in this call. */
        void ended();

        /** Prints a line: failures, scores and the report's file, after the end. */
        void println(String line);
    }

    /**
     * @param resolved what to run, with kernels chosen if this machine trains
     * @param device where this machine computes
     * @param store the book for all runs
     */
    public SweepSession(
            ResolvedSweep resolved, Device device, MirroredBook store, Launcher launcher, Options options, View view) {
        this.resolved = resolved;
        this.device = device;
        this.store = store;
        this.launcher = launcher;
        this.options = options;
        this.view = view;
        this.runs = resolved.sweep().runs();
    }

    /** Ends this call in good order, from any thread, see {@link Launcher#leave}. */
    public void stop() {
        stopRequested = true;
        launcher.leave();
    }

    /** Ends this call at once, after {@link #stop}. */
    public void kill() {
        stopRequested = true;
        launcher.kill();
    }

    /** Runs what is missing. */
    public Outcome run() throws IOException, InterruptedException {
        try (SummaryRuns summaries = SummaryRuns.open(store, resolved, device, options.command(), options.fresh())) {
            String parent = summaries.parent();
            PastRuns past = new PastRuns(store);
            int threads = resolved.conditions().threads();
            SweepProgress progress =
                    new SweepProgress(resolved.sweep(), launcher.width(), run -> past.expectedSeconds(run, threads));
            for (SweepRun run : runs) {
                runIds.put(run, run.runId(parent));
                progress.set(run, Status.of(store.book().byId(runIds.get(run))));
            }
            if (options.reuse()) {
                reuse(parent, past, progress);
            }
            view.begun(parent, progress, launcher);
            boolean hasRun = launch(SweepFolder.of(store.book().folder(), parent), progress);
            view.ended();
            boolean stopped = stopRequested;
            if (progress.hasFailures()) {
                printFailures(progress);
            }
            List<Setting> complete = sumUp(summaries, progress);
            if (!complete.isEmpty()) {
                view.println("");
                summaries.text(complete).lines().forEach(view::println);
            }
            summaries.sumUpAll(runs.stream()
                    .filter(run -> progress.of(run) instanceof Done)
                    .map(run -> store.book().byId(runIds.get(run)).orElseThrow())
                    .toList());
            summaries.end(status(progress, stopped));
            if (progress.isDone() && runs.size() > 1) {
                report(parent, hasRun);
            }
            return new Outcome(parent, progress, stopped);
        }
    }

    private static RunStatus status(SweepProgress progress, boolean stopped) {
        if (progress.isDone()) {
            return RunStatus.FINISHED;
        }
        return stopped && !progress.hasFailures() ? RunStatus.KILLED : RunStatus.FAILED;
    }

    /** Takes equal runs of the book for those that did not begin. */
    private void reuse(String parent, PastRuns past, SweepProgress progress) {
        String cpu = Machine.current().cpu();
        for (List<SweepRun> setting : resolved.sweep().settings().values()) {
            List<String> reused = new ArrayList<>();
            for (SweepRun run : setting) {
                boolean isBegun = store.book().byId(runIds.get(run)).isPresent();
                Optional<Run> equal = isBegun
                        ? Optional.empty()
                        : past.equal(run, resolved.text(run).sha256(), resolved.conditions(), cpu);
                equal.ifPresent(found -> {
                    reused.add(found.runId());
                    runIds.put(run, found.runId());
                    progress.set(run, Done.of(found));
                });
            }
            if (!reused.isEmpty()) {
                String summary = resolved.settingRunId(parent, setting.get(0));
                store.book().tag(summary, Map.of(RunInfo.REUSED_TAG, String.join(" ", reused)));
            }
        }
    }

    /** Returns whether there was anything to run. */
    private boolean launch(SweepFolder folder, SweepProgress progress) throws IOException, InterruptedException {
        String digest = resolved.identity().digest();
        retry(progress);
        List<SweepRun> next =
                runs.stream().filter(run -> progress.of(run) instanceof Waiting).toList();
        for (SweepRun run : next) {
            folder.write(resolved.plan(run, folder.parentRunId(), digest, Origins.of(run.experiment(), store)));
        }
        boolean hasRun = !next.isEmpty();
        while (!next.isEmpty() && !stopRequested) {
            launcher.run(folder, next, (run, status) -> changed(run, status, progress));
            next = retry(progress);
        }
        return hasRun;
    }

    /** Sets failed runs to waiting that are to be tried once more and were not in this call. */
    private List<SweepRun> retry(SweepProgress progress) {
        List<SweepRun> retries = runs.stream()
                .filter(run -> options.retry() && progress.of(run) instanceof Failed && retried.add(run))
                .toList();
        retries.forEach(run -> progress.set(run, new Waiting("retry")));
        return retries;
    }

    private void changed(SweepRun run, Status status, SweepProgress progress) {
        progress.set(run, status);
        view.changed(run, status);
        boolean isFinal = !options.retry() || retried.contains(run);
        if (status instanceof Failed && options.failFast() && isFinal) {
            launcher.stop();
        }
    }

    /** Each failed run with its reason, and below it the command that repeats it. */
    private void printFailures(SweepProgress progress) {
        view.println("");
        view.println("failed:");
        for (SweepRun run : runs) {
            if (progress.of(run) instanceof Failed failed) {
                view.println(
                        "  " + run.experiment().id() + " " + run.title().name(run.seed()) + ": " + failed.reason());
                view.println("      " + resolved.command(run));
            }
        }
    }

    /** Returns the settings all of whose runs are done. */
    private List<Setting> sumUp(SummaryRuns summaries, SweepProgress progress) {
        List<Setting> settings = new ArrayList<>();
        resolved.sweep().settings().forEach((row, setting) -> {
            if (setting.stream().allMatch(run -> progress.of(run) instanceof Done)) {
                List<Run> finished = setting.stream()
                        .map(run -> store.book().byId(runIds.get(run)).orElseThrow())
                        .toList();
                settings.add(Setting.of(settings.size(), row, finished));
            }
        });
        settings.forEach(summaries::sumUp);
        return settings;
    }

    /** Writes all runs on one page as the parent's report, unless nothing ran and there is a report. */
    private void report(String parent, boolean hasRun) throws IOException {
        try {
            ArtifactFolder artifacts = store.book().artifacts(parent);
            if (!hasRun && artifacts.list().contains(Reports.ARTIFACT)) {
                view.println(REPORT + artifacts.file(Reports.ARTIFACT));
                return;
            }
            StoredRun stored = new StoredRun(store, store.find(parent));
            view.println(REPORT + new Reports(store).write(stored.children(""), stored.run()));
            store.update(stored.run());
        } catch (BookException e) {
            System.err.println("WARNING: no report now: " + e.getMessage() + "; write it later with: make report RUN="
                    + parent.substring(0, 8));
        }
    }
}
