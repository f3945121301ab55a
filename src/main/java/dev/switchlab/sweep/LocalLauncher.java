package dev.switchlab.sweep;

import ai.djl.Device;
import dev.switchlab.io.Memory;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Stopped;
import dev.switchlab.sweep.Status.Waiting;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Runs processes on this machine, some at a time, as long as they fit into its memory. */
public final class LocalLauncher implements Launcher {

    /** Time between two looks at memory and requests to stop. */
    private static final long CHECK_MILLIS = 200;

    private final WorkerJvm jvm;
    private final Path runs;
    private final int jobs;
    private final int threads;
    private final MemoryWatch memory;
    private final BlockingQueue<Change> changes = new LinkedBlockingQueue<>();
    private final Deque<SweepRun> waiting = new ArrayDeque<>();
    private final Set<Worker> running = new LinkedHashSet<>();
    private boolean archiving;
    private volatile boolean stopping;
    private volatile boolean killing;

    /** A change of status. */
    private record Change(Worker worker, Status status) {}

    /**
     * Processes at a time: as many as there are cores for, or one on a GPU, if no number is asked for.
     *
     * @param asked 0 if no number is asked for
     */
    public static int jobs(int asked, Device device, int threads) {
        int room = device.isGpu() ? 1 : Runtime.getRuntime().availableProcessors() / threads;
        return asked > 0 ? asked : Math.max(1, room);
    }

    /**
     * @param runs the runs folder
     * @param jobs processes at a time
     * @param threads of each, for {@link #words}
     */
    public LocalLauncher(WorkerJvm jvm, Path runs, int jobs, int threads) {
        this(jvm, runs, jobs, threads, Memory::available);
    }

    LocalLauncher(WorkerJvm jvm, Path runs, int jobs, int threads, Supplier<OptionalLong> availableMemory) {
        this.jvm = jvm;
        this.runs = runs;
        this.jobs = jobs;
        this.threads = threads;
        this.memory = new MemoryWatch(availableMemory);
    }

    @Override
    public void run(SweepFolder folder, List<SweepRun> all, Observer observer)
            throws IOException, InterruptedException {
        waiting.addAll(all);
        try {
            while (!running.isEmpty() || !waiting.isEmpty()) {
                if (stopping) {
                    endAll(observer);
                }
                while (!stopping && !waiting.isEmpty() && running.size() < jobs && fits(observer)) {
                    startNext(folder, observer);
                }
                Change change = changes.poll(CHECK_MILLIS, TimeUnit.MILLISECONDS);
                if (change != null) {
                    take(change.worker(), change.status(), observer);
                }
                running.forEach(worker -> memory.saw(worker.run.row(), worker.peakMemory()));
            }
        } finally {
            running.forEach(Worker::stop); // after an error, too
        }
    }

    private boolean fits(Observer observer) {
        SweepRun next = waiting.getFirst();
        List<MemoryWatch.Usage> used = running.stream().map(Worker::usage).toList();
        boolean fits = used.isEmpty() || memory.fits(next.row(), used);
        if (!fits) {
            observer.changed(next, new Waiting("memory"));
        }
        return fits;
    }

    private void startNext(SweepFolder folder, Observer observer) throws IOException {
        SweepRun run = waiting.removeFirst();
        String plan = folder.plan(run).toString();
        List<String> arguments = List.of("worker", "--watch-input", "--runs", runs.toString(), plan);
        Optional<Path> archive = jvm.hasArchive() || archiving ? Optional.empty() : Optional.of(jvm.newArchive());
        archiving |= archive.isPresent();
        observer.changed(run, Running.STARTING);
        running.add(new Worker(run, folder, jvm.command(archive, arguments), archive));
    }

    private void take(Worker worker, Status status, Observer observer) throws IOException {
        if (status.hasEnded()) {
            running.remove(worker);
            if (worker.archive.isPresent()) {
                archiving = false;
                jvm.keepArchive(worker.archive.get(), status instanceof Done);
            }
        }
        boolean wasKilledByUs = stopping && status instanceof Failed failed && failed.isKilled();
        observer.changed(worker.run, wasKilledByUs ? new Stopped(0) : status);
    }

    private void endAll(Observer observer) {
        waiting.forEach(run -> observer.changed(run, new Stopped(0)));
        waiting.clear();
        running.forEach(killing ? Worker::kill : Worker::stop);
    }

    @Override
    public void stop() {
        stopping = true;
    }

    @Override
    public void kill() {
        killing = true;
        stopping = true;
    }

    @Override
    public int width() {
        return jobs;
    }

    @Override
    public String words() {
        return jobs + " at a time on this machine, " + threads + (threads == 1 ? " thread" : " threads") + " each";
    }

    /** The process of one run. It continues as long as its standard input is open. */
    private final class Worker {

        /** A shell's exit code of a process that a signal ended is this plus the signal's number. */
        private static final int BY_SIGNAL = 128;

        private static final int SIGKILL = 9;

        final SweepRun run;
        /** Where the process leaves an archive of its classes. */
        final Optional<Path> archive;

        private final SweepFolder folder;
        private final Process process;

        /** Starts the process, and a thread that reads its output. */
        Worker(SweepRun run, SweepFolder folder, List<String> command, Optional<Path> archive) throws IOException {
            this.run = run;
            this.folder = folder;
            this.archive = archive;
            this.process = WorkerJvm.process(command)
                    .redirectError(
                            ProcessBuilder.Redirect.appendTo(folder.log(run).toFile()))
                    .start();
            Thread reader = new Thread(this::read, "run-" + run.number());
            reader.setDaemon(true);
            reader.start();
        }

        private void read() {
            Status last = new Waiting("");
            try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    Optional<Status> status = Status.parse(line);
                    if (status.isEmpty()) {
                        Files.writeString(
                                folder.log(run), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                        continue;
                    }
                    last = status.get();
                    if (!last.hasEnded()) {
                        changes.add(new Change(this, last));
                    }
                }
            } catch (IOException | UncheckedIOException e) {
                // The process was killed: its exit code tells the rest.
            }
            changes.add(new Change(this, end(last)));
        }

        /** The status after the end of the process, which may have told none. */
        private Status end(Status last) {
            try {
                int code = process.waitFor();
                return last.hasEnded() ? last : new Failed(reason(last, code), code > BY_SIGNAL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Failed("interrupted", true);
            }
        }

        private String reason(Status last, int code) {
            String where = last instanceof Running at ? " after step " + at.step() : " before its first step";
            if (code == BY_SIGNAL + SIGKILL) {
                return "killed (SIGKILL)" + where + ", by a user or for lack of memory";
            }
            String how = code > BY_SIGNAL ? "ended by signal " + (code - BY_SIGNAL) : "ended with exit code " + code;
            String line = folder.lastLogLine(run).map(text -> ": " + text).orElse("");
            return how + where + line + " (" + folder.log(run) + ")";
        }

        MemoryWatch.Usage usage() {
            return new MemoryWatch.Usage(
                    run.row(), Memory.ofProcess(process.pid()).orElse(0));
        }

        OptionalLong peakMemory() {
            return Memory.peakOfProcess(process.pid());
        }

        /** Asks the process to end in good order. */
        void stop() {
            try {
                process.getOutputStream().close();
            } catch (IOException e) {
                return; // it has ended
            }
        }

        void kill() {
            process.destroyForcibly();
        }
    }

    /**
     * Whether one more run fits into memory: what is available, less what running ones may still take, has to hold the
     * peak of a run of its setting, or else of any run. Without knowledge, it fits.
     */
    static final class MemoryWatch {

        /** Peaks are sampled, so the true ones may be higher. */
        private static final double MARGIN = 1.1;

        private final Supplier<OptionalLong> available;
        private final Map<String, Long> peaks = new HashMap<>();

        /**
         * What a running process uses.
         *
         * @param setting of its run
         */
        record Usage(String setting, long bytes) {}

        /** @param available bytes that programs could have */
        MemoryWatch(Supplier<OptionalLong> available) {
            this.available = available;
        }

        /** Notes the peak, in bytes, of a run of a setting. */
        void saw(String setting, OptionalLong peak) {
            peak.ifPresent(bytes -> peaks.merge(setting, bytes, Math::max));
        }

        boolean fits(String setting, List<Usage> running) {
            OptionalLong free = available.get();
            if (free.isEmpty() || peaks.isEmpty()) {
                return true;
            }
            double promised = 0;
            for (Usage used : running) {
                promised += Math.max(0, peak(used.setting()) - used.bytes());
            }
            return free.getAsLong() - promised >= MARGIN * peak(setting);
        }

        private long peak(String setting) {
            long ofAny =
                    peaks.values().stream().mapToLong(Long::longValue).max().orElse(0);
            return peaks.getOrDefault(setting, ofAny);
        }
    }
}
