package dev.switchlab.sweep;

import dev.switchlab.io.AvailableMemory;
import dev.switchlab.sweep.ChildState.Done;
import dev.switchlab.sweep.ChildState.Failed;
import dev.switchlab.sweep.ChildState.Running;
import dev.switchlab.sweep.ChildState.Stopped;
import dev.switchlab.sweep.ChildState.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractMap.SimpleImmutableEntry;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Runs children as processes of this machine, so many at a time, as long as they fit into its memory. */
public final class LocalLauncher implements Launcher {

    private static final long LOOK_MILLIS = 500;

    private final ChildStart start;
    private final Path runs;
    private final int jobs;
    private final int threads;
    private final MemoryWatch watch;
    private final BlockingQueue<Told> news = new LinkedBlockingQueue<>();
    private final Deque<ChildPlan> waiting = new ArrayDeque<>();
    private final Set<ChildProcess> running = new LinkedHashSet<>();
    private boolean archiving;
    private volatile boolean stopping;
    private volatile boolean killing;

    /** What a child told. */
    private record Told(Optional<ChildProcess> child, ChildState state) {

        static final Told NOTHING = new Told(Optional.empty(), new Waiting(""));
    }

    /**
     * A launcher.
     *
     * @param start how processes are started
     * @param runs the folder of the book
     * @param jobs processes at a time
     * @param threads of each, for people
     */
    public LocalLauncher(ChildStart start, Path runs, int jobs, int threads) {
        this(start, runs, jobs, threads, AvailableMemory::bytes);
    }

    /** The same with another memory. */
    LocalLauncher(ChildStart start, Path runs, int jobs, int threads, Supplier<OptionalLong> available) {
        this.start = start;
        this.runs = runs;
        this.jobs = jobs;
        this.threads = threads;
        this.watch = new MemoryWatch(available);
    }

    @Override
    public void run(Path folder, List<ChildPlan> children, Observer observer) throws IOException, InterruptedException {
        waiting.addAll(children);
        try {
            while (!running.isEmpty() || !waiting.isEmpty()) {
                if (stopping) {
                    endAll(observer);
                }
                while (!stopping && !waiting.isEmpty() && running.size() < jobs && fits(observer)) {
                    startNext(folder, observer);
                }
                Told told = Optional.ofNullable(news.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS))
                        .orElse(Told.NOTHING);
                if (told.child().isPresent()) {
                    take(told.child().get(), told.state(), observer);
                }
                running.forEach(child -> watch.saw(child.plan().label(), child.peakMemory()));
            }
        } finally {
            // Whatever ends this loop: no child stays behind.
            running.forEach(ChildProcess::stop);
        }
    }

    private boolean fits(Observer observer) {
        if (running.isEmpty()) {
            return true;
        }
        ChildPlan next = waiting.getFirst();
        List<Map.Entry<String, OptionalLong>> used = running.stream()
                .<Map.Entry<String, OptionalLong>>map(
                        child -> new SimpleImmutableEntry<>(child.plan().label(), child.memory()))
                .toList();
        boolean fits = watch.fits(next.label(), used);
        if (!fits) {
            observer.changed(next, new Waiting("memory"));
        }
        return fits;
    }

    private void startNext(Path folder, Observer observer) throws IOException {
        ChildPlan plan = waiting.removeFirst();
        List<String> arguments = List.of(
                "child",
                "--watch-input",
                "--runs",
                runs.toString(),
                plan.in(folder).toString());
        Optional<Path> archive = start.hasArchive() || archiving ? Optional.empty() : Optional.of(start.newArchive());
        archiving |= archive.isPresent();
        List<String> command =
                archive.isPresent() ? start.commandLeaving(archive.get(), arguments) : start.command(arguments);
        observer.changed(plan, new Running(0, 0, Double.NaN, OptionalDouble.empty()));
        running.add(ChildProcess.start(
                plan, folder, command, archive, (child, state) -> news.add(new Told(Optional.of(child), state))));
    }

    private void take(ChildProcess child, ChildState state, Observer observer) throws IOException {
        if (state.hasEnded()) {
            running.remove(child);
            if (child.archive().isPresent()) {
                archiving = false;
                if (state instanceof Done) {
                    start.keepArchive(child.archive().get());
                } else {
                    Files.deleteIfExists(child.archive().get());
                }
            }
        }
        boolean wasKilled = stopping && state instanceof Failed failed && failed.isKilled();
        observer.changed(child.plan(), wasKilled ? new Stopped(0) : state);
    }

    private void endAll(Observer observer) {
        waiting.forEach(child -> observer.changed(child, new Stopped(0)));
        waiting.clear();
        for (ChildProcess child : running) {
            if (killing) {
                child.kill();
            } else {
                child.stop();
            }
        }
    }

    @Override
    public void stop() {
        stopping = true;
        news.add(Told.NOTHING);
    }

    @Override
    public void kill() {
        killing = true;
        stop();
    }

    @Override
    public int width() {
        return jobs;
    }

    @Override
    public String words() {
        return jobs + " at a time on this machine, " + threads + (threads == 1 ? " thread" : " threads") + " each";
    }
}
