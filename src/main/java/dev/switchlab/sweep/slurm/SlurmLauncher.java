package dev.switchlab.sweep.slurm;

import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.sweep.Launcher;
import dev.switchlab.sweep.Status;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Stopped;
import dev.switchlab.sweep.Status.Waiting;
import dev.switchlab.sweep.SweepFolder;
import dev.switchlab.sweep.SweepRun;
import dev.switchlab.sweep.SweepSpec.Resources;
import dev.switchlab.sweep.WorkerJvm;
import dev.switchlab.sweep.slurm.Slurm.Refused;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Runs a sweep as one job array of a Slurm cluster, and follows the array. A call may be left or killed, and repeated:
 * it finds submitted jobs by their name, collects those that have ended, and submits only what is missing.
 */
public final class SlurmLauncher implements Launcher {

    /** Pause between questions to Slurm after a change; it grows by half until the longest one. */
    private static final Duration SHORTEST_PAUSE = Duration.ofSeconds(1);

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    private final WorkerJvm jvm;
    private final MirroredBook store;
    private final Resources resources;
    private final int threads;
    private final int jobs;
    private final Consumer<String> notices;
    private final Semaphore wake = new Semaphore(0);
    private volatile String name = "";
    private volatile boolean stopping;
    private volatile boolean leaving;

    /**
     * @param jvm with files that nodes find at the same paths
     * @param store the sweep's book, in a folder that nodes find at the same path
     * @param resources limits of a run
     * @param threads of a run
     * @param jobs runs at a time; 0 leaves it to the cluster
     * @param notices takes one-line messages for the user
     * @throws IllegalArgumentException in one line, if jobs cannot be submitted from this machine
     */
    public SlurmLauncher(
            WorkerJvm jvm, MirroredBook store, Resources resources, int threads, int jobs, Consumer<String> notices)
            throws InterruptedException {
        this.jvm = jvm;
        this.store = store;
        this.resources = resources;
        this.threads = threads;
        this.jobs = jobs;
        this.notices = notices;
        Slurm.require();
    }

    @Override
    public void run(SweepFolder folder, List<SweepRun> runs, Observer observer)
            throws IOException, InterruptedException {
        // Other machines read these paths.
        SweepFolder shared = new SweepFolder(folder.path().toAbsolutePath().normalize());
        name = JobArray.name(shared);
        TaskResults results = new TaskResults(store, shared, notices);
        List<Slurm.Task> tasks = tasks();
        Map<SweepRun, Status> followed = new LinkedHashMap<>();
        List<SweepRun> missing = new ArrayList<>();
        for (SweepRun run : runs) {
            Optional<Slurm.Task> task = Slurm.Task.of(run.number(), tasks);
            boolean hasTask = task.isPresent() && !task.get().hasEnded();
            Optional<Status> collected = hasTask ? Optional.empty() : results.collect(run);
            if (collected.isPresent()) {
                observer.changed(run, collected.get());
                continue;
            }
            followed.put(run, new Waiting(""));
            if (!hasTask) {
                missing.add(run);
            }
        }
        if (!missing.isEmpty() && !leaving && !stopping) {
            submit(shared, results, missing);
        }
        new Following(shared, followed, observer, results).run();
    }

    private List<Slurm.Task> tasks() throws InterruptedException {
        try {
            return Slurm.tasks(name);
        } catch (Refused e) {
            throw new IllegalArgumentException(
                    "Slurm cannot be asked for the runs of this sweep: " + e.getMessage(), e);
        }
    }

    private void submit(SweepFolder folder, TaskResults results, List<SweepRun> runs)
            throws IOException, InterruptedException {
        for (SweepRun run : runs) {
            results.prepare(run);
        }
        JobArray array = new JobArray(folder, resources, threads, jobs);
        Path script = array.writeScript(jvm);
        List<String> options = array.options(runs);
        try {
            Slurm.submit(options, script.toString());
        } catch (Refused e) {
            Optional<Slurm.Task> first = Slurm.Task.of(runs.get(0).number(), tasks());
            if (first.isEmpty() || first.get().hasEnded()) { // else only the answer was lost
                throw new IllegalArgumentException(
                        "Slurm does not take the runs: " + e.getMessage() + " (sbatch " + String.join(" ", options)
                                + ")",
                        e);
            }
        }
    }

    /** Follows runs until each has ended, or until they are left. */
    private final class Following {

        private final SweepFolder folder;
        private final Map<SweepRun, Status> statuses;
        private final Observer observer;
        private final TaskResults results;
        private boolean isCancelled;
        private boolean isAnswered = true;

        /** @param statuses of the runs to follow; the ended ones are taken out */
        Following(SweepFolder folder, Map<SweepRun, Status> statuses, Observer observer, TaskResults results) {
            this.folder = folder;
            this.statuses = statuses;
            this.observer = observer;
            this.results = results;
        }

        void run() throws InterruptedException {
            long pause = SHORTEST_PAUSE.toMillis();
            while (!statuses.isEmpty() && !leaving) {
                if (stopping) {
                    cancel();
                }
                boolean changed = look();
                pause = changed ? SHORTEST_PAUSE.toMillis() : Math.min(pause * 3 / 2, LONGEST_PAUSE.toMillis());
                if (!statuses.isEmpty() && wake.tryAcquire(pause, TimeUnit.MILLISECONDS)) {
                    wake.drainPermits();
                }
            }
            statuses.forEach((run, status) ->
                    observer.changed(run, new Stopped(status instanceof Running running ? running.step() : 0)));
        }

        private void cancel() throws InterruptedException {
            try {
                if (!isCancelled) {
                    Slurm.cancel(name);
                    isCancelled = true;
                }
            } catch (Refused e) {
                answered(e.getMessage());
            }
        }

        /** Asks Slurm once; returns whether a status changed. */
        private boolean look() throws InterruptedException {
            List<Slurm.Task> tasks;
            try {
                tasks = Slurm.tasks(name);
                answered("");
            } catch (Refused e) {
                answered(e.getMessage());
                return false;
            }
            boolean changed = false;
            for (SweepRun run : List.copyOf(statuses.keySet())) {
                Status before = statuses.get(run);
                Optional<Slurm.Task> task = Slurm.Task.of(run.number(), tasks);
                Status now = task.isPresent() && !task.get().hasEnded()
                        ? underWay(run, task.get(), before)
                        : results.end(run, task).orElse(before);
                if (!now.equals(before)) {
                    changed = true;
                    observer.changed(run, now);
                }
                if (now.hasEnded()) {
                    statuses.remove(run);
                } else {
                    statuses.put(run, now);
                }
            }
            return changed;
        }

        private Status underWay(SweepRun run, Slurm.Task task, Status before) {
            results.hasTask(run);
            if (!task.isOnANode()) {
                return new Waiting(task.waitsFor());
            }
            return folder.lastStatus(run)
                    .filter(Running.class::isInstance)
                    .orElse(before instanceof Running ? before : Running.STARTING);
        }

        /** Slurm's controller may be away for a while; its jobs continue, and so does this call. */
        private void answered(String trouble) {
            if (trouble.isEmpty() != isAnswered) {
                isAnswered = trouble.isEmpty();
                notices.accept(isAnswered ? "Slurm answers again" : trouble + "; its jobs continue, asking again ...");
            }
        }
    }

    /** Cancels the jobs: running ones take the step in progress and save. */
    @Override
    public void stop() {
        stopping = true;
        wake.release();
    }

    /** Only ends this call; the jobs continue in Slurm. */
    @Override
    public void leave() {
        leaving = true;
        wake.release();
    }

    @Override
    public String leaving() {
        return "the jobs continue in Slurm: the same call follows them again, " + Slurm.cancelCommand(name)
                + " ends them";
    }

    @Override
    public void kill() {
        leave();
    }

    @Override
    public int width() {
        return jobs > 0 ? jobs : Integer.MAX_VALUE;
    }

    @Override
    public String words() {
        return "as a job array of Slurm, " + (jobs > 0 ? jobs + " at a time, " : "") + threads
                + (threads == 1 ? " thread" : " threads") + " each";
    }
}
