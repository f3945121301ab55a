package dev.switchlab.sweep;

import dev.switchlab.io.Json;
import dev.switchlab.io.WholeFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Files of one sweep beside the book: {@code runs/sweeps/<id of the parent run>}, with a plan and a log of each run,
 * and on a cluster its status lines and a book of its own.
 */
public record SweepFolder(Path path) {

    /** The end of a file that holds its last lines. */
    private static final int TAIL_BYTES = 4096;

    /** The folder of a sweep in a runs folder. */
    static SweepFolder of(Path runs, String parentRunId) {
        return new SweepFolder(runs.resolve("sweeps").resolve(parentRunId));
    }

    /** Id of the sweep's parent run. */
    public String parentRunId() {
        return String.valueOf(path.getFileName());
    }

    /** Id of a run in the book. */
    public String runId(SweepRun run) {
        return run.runId(parentRunId());
    }

    /** The {@link RunPlan}. */
    public Path plan(SweepRun run) {
        return path.resolve(run.number() + ".json");
    }

    /** What the process of a run prints beside its status. */
    public Path log(SweepRun run) {
        return path.resolve(run.number() + ".log");
    }

    /** Status lines of a run on a cluster. */
    public Path output(SweepRun run) {
        return path.resolve(run.number() + ".out");
    }

    /** The book of a run on a cluster. */
    public Path book(SweepRun run) {
        return path.resolve(Integer.toString(run.number()));
    }

    /** Writes a plan. */
    void write(RunPlan plan) throws IOException {
        WholeFile.write(
                path.resolve(plan.number() + ".json"),
                Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(plan));
    }

    /** The last status in the {@link #output} of a run. */
    public Optional<Status> lastStatus(SweepRun run) {
        return tail(output(run))
                .lines()
                .map(Status::parse)
                .flatMap(Optional::stream)
                .reduce((first, last) -> last);
    }

    /** The last line in the {@link #log} of a run. */
    public Optional<String> lastLogLine(SweepRun run) {
        return tail(log(run))
                .lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .reduce((first, last) -> last);
    }

    private static String tail(Path file) {
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            in.seek(Math.max(0, in.length() - TAIL_BYTES));
            byte[] bytes = new byte[(int) (in.length() - in.getFilePointer())];
            in.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return ""; // not there yet, or a hiccup of a network file system: the next look sees it
        }
    }
}
