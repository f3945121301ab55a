package dev.switchlab.sweep;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.switchlab.io.Json;
import dev.switchlab.io.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * All that the process of a child has to know, as a file: {@code runs/sweeps/<id of the sweep's parent
 * run>/<number>.json}. {@code switchlab child <file>} trains it, goes on with it, or does nothing where it is done.
 * Nothing else is asked: not the experiment's file, which may change, nor a server for the text.
 *
 * @param number of the child, from 1
 * @param runId of its run, which follows from the sweep and the number: there never are two
 * @param label the run's name without the seed
 * @param isChanged whether anything is not as in the experiment's file
 * @param experiment resolved, as YAML
 * @param corpus name of the text, which never is a fallback for another any more
 * @param fallbackReason why that text is the experiment's fallback; empty where it is not
 * @param kernels what multiplies; {@code auto} where the machine that trains shall choose
 * @param device {@code auto}, {@code cpu}, {@code gpu} or {@code gpu:N}
 * @param threads CPU threads
 * @param command what repeats it alone, such as {@code make train EXPERIMENT=smoke SEED=2}
 * @param tags of its run: its parent, sweep and setting
 */
public record ChildPlan(
        int number,
        String runId,
        String label,
        boolean isChanged,
        String experiment,
        String corpus,
        String fallbackReason,
        String kernels,
        String device,
        int threads,
        String command,
        Map<String, String> tags) {

    /** Copies the tags. */
    public ChildPlan {
        tags = Map.copyOf(tags);
    }

    /** The folder of a sweep's plans, and of what its children print. */
    public static Path folder(Path runs, String parentRunId) {
        return runs.resolve("sweeps").resolve(parentRunId);
    }

    /** The file of this plan in a sweep's folder. */
    public Path in(Path folder) {
        return folder.resolve(number + ".json");
    }

    /** Writes {@link #in}. */
    public void write(Path folder) throws IOException {
        WholeFile.write(in(folder), Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(this));
    }

    /**
     * Reads a file that {@link #write} wrote.
     *
     * @throws IllegalArgumentException in one line, if it is another
     */
    public static ChildPlan read(Path file) throws IOException {
        try {
            return Json.MAPPER.readValue(Files.readString(file), ChildPlan.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    file + ": not the plan of a child: "
                            + e.getOriginalMessage().replaceAll("\\s*\\R\\s*", " "),
                    e);
        }
    }
}
