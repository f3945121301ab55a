package dev.switchlab.sweep;

import ai.djl.Device;
import dev.switchlab.provenance.Machine;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.Reports;
import dev.switchlab.session.StoredRun;
import dev.switchlab.sweep.ChildState.Done;
import dev.switchlab.sweep.ChildState.Failed;
import dev.switchlab.sweep.ChildState.Waiting;
import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.nio.file.Path;
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
 *   <li>Its runs are begun in the book, or gone on with.
 *   <li>What is done stays. What was cut off goes on; what failed stays failed, or is tried once more where that is
 *       asked for.
 *   <li>Settings that are whole are summed up.
 * </ol>
 */
public final class SweepSession {

    private final ReadySweep ready;
    private final Device device;
    private final MirroredBook store;
    private final Launcher launcher;
    private final SweepOptions options;
    private final SweepView view;
    private final Map<Integer, Child> children = new HashMap<>();
    /** The run of each child, by its number: its own, or the one that is reused. */
    private final Map<Integer, String> runIds = new HashMap<>();

    private final Set<Integer> tried = new HashSet<>();
    private volatile boolean stopRequested;

    /**
     * @param ready what to run, with kernels chosen where this machine trains
     * @param device where this machine computes
     * @param store the book that gets all runs
     */
    public SweepSession(
            ReadySweep ready,
            Device device,
            MirroredBook store,
            Launcher launcher,
            SweepOptions options,
            SweepView view) {
        this.ready = ready;
        this.device = device;
        this.store = store;
        this.launcher = launcher;
        this.options = options;
        this.view = view;
        ready.sweep().children().forEach(child -> children.put(child.number(), child));
    }

    /**
     * How a call ended.
     *
     * @param parent the id of the sweep's parent run
     * @param progress how each child stands
     * @param isStopped whether a stop was asked for by {@link #stop}
     */
    public record Outcome(String parent, SweepProgress progress, boolean isStopped) {}

    /** Ends this call in good order, from any thread, as {@link Launcher#leave} says. */
    public void stop() {
        stopRequested = true;
        launcher.leave();
    }

    /** Ends it at once, after {@link #stop}. */
    public void kill() {
        stopRequested = true;
        launcher.kill();
    }

    /** Runs what is missing. */
    public Outcome run() throws IOException, InterruptedException {
        try (SweepRuns runs = SweepRuns.open(store, ready, device, options.command(), options.fresh())) {
            KnownTimes times = new KnownTimes(store.book(), ready.conditions().threads());
            SweepProgress progress = new SweepProgress(ready.sweep(), launcher.width(), times::of);
            String digest = ready.identity().digest();
            Path folder = ChildPlan.folder(store.book().folder(), runs.parent());
            List<ChildPlan> plans = new ArrayList<>();
            for (Child child : ready.sweep().children()) {
                ChildPlan plan = ready.plan(child, runs.parent(), digest);
                runIds.put(child.number(), plan.runId());
                progress.set(child, before(plan));
                plans.add(plan);
            }
            if (options.reuse()) {
                reuse(runs.parent(), progress);
            }
            view.begun(runs.parent(), progress, launcher);
            boolean ran = launch(folder, plans, progress);
            view.ended();
            boolean stopped = stopRequested;
            if (progress.hasFailures()) {
                view.failures(failures(plans, progress));
            }
            sumUp(runs, progress);
            runs.end(status(progress, stopped));
            if (progress.isDone() && ready.sweep().children().size() > 1) {
                report(runs.parent(), ran);
            }
            return new Outcome(runs.parent(), progress, stopped);
        }
    }

    private static RunStatus status(SweepProgress progress, boolean stopped) {
        if (progress.isDone()) {
            return RunStatus.FINISHED;
        }
        return stopped && !progress.hasFailures() ? RunStatus.KILLED : RunStatus.FAILED;
    }

    /** How the book has a child, before anything is started. */
    private ChildState before(ChildPlan plan) {
        Optional<ChildState> done = ChildRun.done(plan, store);
        if (done.isPresent()) {
            return done.get();
        }
        Optional<Run> run = store.book().byId(plan.runId());
        String reason =
                run.map(Run::tags).map(tags -> tags.get(RunInfo.FAILURE_TAG)).orElse("");
        boolean failed = run.isPresent() && run.get().status().equals(RunStatus.FAILED.name()) && !reason.isEmpty();
        return failed ? new Failed(reason, false) : new Waiting("");
    }

    /** Takes what the book has for children that did not begin. */
    private void reuse(String parent, SweepProgress progress) {
        TrainedBefore before =
                new TrainedBefore(store, Machine.current().cpu());
        ready.sweep().settings().forEach((row, of) -> {
            List<String> taken = new ArrayList<>();
            for (Child child : of) {
                boolean isBegun = store.book().byId(runIds.get(child.number())).isPresent();
                Optional<Run> twin = isBegun ? Optional.empty() : before.of(child, ready);
                twin.ifPresent(run -> {
                    taken.add(run.runId());
                    runIds.put(child.number(), run.runId());
                    progress.set(child, ChildRun.done(run));
                });
            }
            if (!taken.isEmpty()) {
                store.book().tag(ready.settingRunId(parent, row), Map.of(RunInfo.REUSED_TAG, String.join(" ", taken)));
            }
        });
    }

    /** Whether there was anything to run. */
    private boolean launch(Path folder, List<ChildPlan> plans, SweepProgress progress)
            throws IOException, InterruptedException {
        List<ChildPlan> next = new ArrayList<>();
        for (ChildPlan plan : plans) {
            ChildState state = progress.of(children.get(plan.number()));
            boolean again = options.retry() && state instanceof Failed;
            if (again) {
                tried.add(plan.number());
                progress.set(children.get(plan.number()), new Waiting("retry"));
            }
            if (again || state instanceof Waiting) {
                plan.write(folder);
                next.add(plan);
            }
        }
        boolean runs = !next.isEmpty();
        while (!next.isEmpty() && !stopRequested) {
            launcher.run(folder, next, (plan, state) -> changed(plan, state, progress));
            next = plans.stream()
                    .filter(plan -> options.retry() && progress.of(children.get(plan.number())) instanceof Failed)
                    .filter(plan -> tried.add(plan.number()))
                    .toList();
            next.forEach(plan -> progress.set(children.get(plan.number()), new Waiting("retry")));
        }
        return runs;
    }

    private void changed(ChildPlan plan, ChildState state, SweepProgress progress) {
        Child child = children.get(plan.number());
        progress.set(child, state);
        view.changed(child, state);
        boolean isLast = !options.retry() || tried.contains(plan.number());
        if (state instanceof Failed && options.failFast() && isLast) {
            launcher.stop();
        }
    }

    private List<String> failures(List<ChildPlan> plans, SweepProgress progress) {
        List<String> lines = new ArrayList<>();
        for (ChildPlan plan : plans) {
            if (progress.of(children.get(plan.number())) instanceof Failed failed) {
                lines.add(plan.label() + " seed " + children.get(plan.number()).seed() + ": " + failed.reason());
                lines.add("    " + plan.command());
            }
        }
        return lines;
    }

    private void sumUp(SweepRuns runs, SweepProgress progress) {
        List<SettingSummary> summaries = new ArrayList<>();
        ready.sweep().settings().forEach((row, of) -> {
            boolean whole = of.stream().allMatch(child -> progress.of(child) instanceof Done);
            if (whole) {
                List<Run> finished = of.stream()
                        .map(child -> runIds.get(child.number()))
                        .map(id -> store.book().byId(id).orElseThrow())
                        .toList();
                summaries.add(runs.sumUp(row, finished));
            }
        });
        view.summaries(summaries);
    }

    /** All children on one page, as the parent's report; where nothing ran, the one that is there. */
    private void report(String parent, boolean ran) throws IOException {
        try {
            if (!ran && store.book().artifacts(parent).list().contains(Reports.ARTIFACT)) {
                view.report(store.book().artifacts(parent).file(Reports.ARTIFACT));
                return;
            }
            StoredRun stored = new StoredRun(store, store.find(parent));
            view.report(new Reports(store).write(stored.children(), stored.run()));
            store.update(stored.run());
        } catch (BookException e) {
            view.warning("no report now: " + e.getMessage() + "; it can be written later with: make report RUN="
                    + parent.substring(0, 8));
        }
    }
}
