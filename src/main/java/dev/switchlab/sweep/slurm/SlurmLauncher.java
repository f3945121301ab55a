package dev.switchlab.sweep.slurm;

import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.sweep.ChildPlan;
import dev.switchlab.sweep.ChildStart;
import dev.switchlab.sweep.ChildState;
import dev.switchlab.sweep.ChildState.Running;
import dev.switchlab.sweep.ChildState.Stopped;
import dev.switchlab.sweep.ChildState.Waiting;
import dev.switchlab.sweep.Launcher;
import dev.switchlab.sweep.Resources;
import dev.switchlab.sweep.slurm.SlurmCommands.Refused;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Runs children as one job array of a Slurm cluster, and follows it. A call may be left, or killed, and made again:
 * what earlier calls submitted is known by its name and followed on, what has ended meanwhile is collected, and only
 * the rest is submitted.
 */
public final class SlurmLauncher implements Launcher {

    private final ChildStart start;
    private final MirroredBook store;
    private final Resources resources;
    private final int threads;
    private final int jobs;
    private final Consumer<String> notices;
    private final SlurmCommands slurm;
    private final Pauses pauses;
    private final Semaphore wake = new Semaphore(0);
    private volatile String name = "";
    private volatile boolean stopping;
    private volatile boolean leaving;

    /**
     * How often Slurm is asked.
     *
     * @param first after something has changed
     * @param last after a long time without a change
     */
    record Pauses(Duration first, Duration last) {

        static final Pauses DEFAULT = new Pauses(Duration.ofSeconds(1), Duration.ofSeconds(10));

        Duration after(Duration pause) {
            Duration longer = pause.multipliedBy(3).dividedBy(2);
            return longer.compareTo(last) < 0 ? longer : last;
        }
    }

    /**
     * A launcher.
     *
     * @param start how processes are started; nodes find its files at the same paths
     * @param store the sweep's book, in a folder that nodes find at the same path
     * @param resources what a child may use
     * @param threads of a child
     * @param jobs children at a time; 0 for as many as the cluster likes
     * @param notices takes one-line messages for the user
     * @throws IllegalArgumentException in one line, if jobs cannot be submitted from this machine
     */
    public static SlurmLauncher of(
            ChildStart start, MirroredBook store, Resources resources, int threads, int jobs, Consumer<String> notices)
            throws InterruptedException {
        SlurmCommands slurm = new SlurmCommands(Map.of());
        slurm.require();
        return new SlurmLauncher(start, store, resources, threads, jobs, notices, slurm, Pauses.DEFAULT);
    }

    /** The same with other commands, asked at other times. */
    SlurmLauncher(
            ChildStart start,
            MirroredBook store,
            Resources resources,
            int threads,
            int jobs,
            Consumer<String> notices,
            SlurmCommands slurm,
            Pauses pauses) {
        this.start = start;
        this.store = store;
        this.resources = resources;
        this.threads = threads;
        this.jobs = jobs;
        this.notices = notices;
        this.slurm = slurm;
        this.pauses = pauses;
    }

    @Override
    public void run(Path folder, List<ChildPlan> children, Observer observer) throws IOException, InterruptedException {
        // Other machines read these paths.
        Path shared = folder.toAbsolutePath().normalize();
        name = JobArray.name(shared);
        ChildBooks books = new ChildBooks(store, shared, notices);
        Map<ChildPlan, ChildState> followed = new LinkedHashMap<>();
        List<ChildPlan> missing = new ArrayList<>();
        List<ArrayTask> tasks = tasks();
        for (ChildPlan child : children) {
            boolean isUnderWay = ArrayTask.of(child.number(), tasks)
                    .filter(task -> !task.hasEnded())
                    .isPresent();
            Optional<ChildState> left = isUnderWay ? Optional.empty() : books.collect(child);
            left.ifPresent(state -> observer.changed(child, state));
            if (left.isEmpty()) {
                followed.put(child, new Waiting(""));
                if (!isUnderWay) {
                    missing.add(child);
                }
            }
        }
        long job = missing.isEmpty() || leaving || stopping ? 0 : submit(shared, books, missing);
        new Following(followed, observer, new TaskEnd(slurm, books, job)).run();
    }

    private List<ArrayTask> tasks() throws InterruptedException {
        try {
            return slurm.tasks(name);
        } catch (Refused e) {
            throw new IllegalArgumentException(
                    "Slurm cannot be asked for the runs of this sweep: " + e.getMessage(), e);
        }
    }

    private long submit(Path folder, ChildBooks books, List<ChildPlan> children)
            throws IOException, InterruptedException {
        for (ChildPlan child : children) {
            books.prepare(child);
        }
        JobArray array = new JobArray(folder, name, resources, threads, jobs);
        Path script = array.writeScript(start);
        List<String> options = array.options(children);
        try {
            return slurm.submit(options, script.toString());
        } catch (Refused e) {
            // An answer may be lost on its way.
            Optional<ArrayTask> there = tasks().stream()
                    .filter(task -> !task.hasEnded())
                    .filter(task -> task.number() == children.get(0).number())
                    .findFirst();
            return there.orElseThrow(() -> new IllegalArgumentException(
                            "Slurm does not take the runs: " + e.getMessage() + " (sbatch " + String.join(" ", options)
                                    + ")",
                            e))
                    .job();
        }
    }

    /** Looks at children until each has ended, or until it is to leave them. */
    private final class Following {

        private final Map<ChildPlan, ChildState> states;
        private final Observer observer;
        private final TaskEnd end;
        private boolean isCancelled;
        private boolean isAnswered = true;

        Following(Map<ChildPlan, ChildState> states, Observer observer, TaskEnd end) {
            this.states = states;
            this.observer = observer;
            this.end = end;
        }

        void run() throws InterruptedException {
            Duration pause = pauses.first();
            while (!states.isEmpty() && !leaving) {
                if (stopping) {
                    cancel();
                }
                boolean changed = look();
                pause = changed ? pauses.first() : pauses.after(pause);
                if (!states.isEmpty() && wake.tryAcquire(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                    wake.drainPermits();
                }
            }
            states.forEach((child, state) ->
                    observer.changed(child, new Stopped(state instanceof Running running ? running.step() : 0)));
        }

        private void cancel() throws InterruptedException {
            try {
                if (!isCancelled) {
                    slurm.cancel(name);
                    isCancelled = true;
                }
            } catch (Refused e) {
                answered(e.getMessage());
            }
        }

        private boolean look() throws InterruptedException {
            List<ArrayTask> tasks;
            try {
                tasks = slurm.tasks(name);
                answered("");
            } catch (Refused e) {
                answered(e.getMessage());
                return false;
            }
            boolean changed = false;
            for (ChildPlan child : List.copyOf(states.keySet())) {
                ChildState before = states.get(child);
                Optional<ArrayTask> task = ArrayTask.of(child.number(), tasks);
                ChildState now = task.isPresent() && !task.get().hasEnded()
                        ? underWay(child, task.get())
                        : end.of(child, task).orElse(before);
                if (!now.equals(before)) {
                    changed = true;
                    observer.changed(child, now);
                }
                if (now.hasEnded()) {
                    states.remove(child);
                } else {
                    states.put(child, now);
                }
            }
            return changed;
        }

        private ChildState underWay(ChildPlan child, ArrayTask task) {
            end.isUnderWay(child);
            if (!task.isOnANode()) {
                return new Waiting(task.why());
            }
            return end.books()
                    .told(child)
                    .filter(Running.class::isInstance)
                    .orElseGet(() -> states.get(child) instanceof Running running
                            ? running
                            : new Running(0, 0, Double.NaN, OptionalDouble.empty()));
        }

        /** Slurm's controller may be away for a while: its jobs go on, and so does this. */
        private void answered(String trouble) {
            if (trouble.isEmpty() != isAnswered) {
                isAnswered = trouble.isEmpty();
                notices.accept(
                        isAnswered ? "Slurm answers again" : trouble + "; its jobs go on, it is asked again ...");
            }
        }
    }

    /** Cancels the jobs: what runs takes the step in progress and saves. */
    @Override
    public void stop() {
        stopping = true;
        wake.release();
    }

    /** Only ends this call: the jobs are Slurm's. */
    @Override
    public void leave() {
        leaving = true;
        wake.release();
    }

    @Override
    public String leaving() {
        return "the jobs go on in Slurm: the same call follows them again, " + SlurmCommands.cancelling(name)
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
