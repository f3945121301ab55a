package dev.switchlab.sweep;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.switchlab.io.Json;
import dev.switchlab.provenance.Provenance;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Everything that the process of one run needs, as a JSON file in the {@link SweepFolder}. The process reads neither
 * the experiment file, which may change meanwhile, nor a server.
 *
 * @param number of the run, from 1
 * @param runId see {@link SweepRun#runId}
 * @param label the run's name without the seed
 * @param isChanged whether anything differs from the experiment file
 * @param experiment resolved, as YAML
 * @param corpus name of the text, without a fallback
 * @param fallbackReason why the text is the experiment's fallback; else empty
 * @param origins trained models that the run builds on, by the setting that names them
 * @param kernels matrix kernels; {@code auto} for a choice on the machine that trains
 * @param device {@code auto}, {@code cpu}, {@code gpu} or {@code gpu:N}
 * @param threads CPU threads
 * @param command repeats the run alone, such as {@code make train EXPERIMENT=smoke SEED=2}
 * @param tags of the run: parent, sweep and setting
 */
public record RunPlan(
        int number,
        String runId,
        String label,
        boolean isChanged,
        String experiment,
        String corpus,
        String fallbackReason,
        Map<String, Provenance.Origin> origins,
        String kernels,
        String device,
        int threads,
        String command,
        Map<String, String> tags) {

    /** Copies origins and tags. */
    public RunPlan {
        origins = Map.copyOf(origins);
        tags = Map.copyOf(tags);
    }

    /**
     * Reads a file that {@link SweepFolder#write} wrote.
     *
     * @throws IllegalArgumentException in one line, for other content
     */
    public static RunPlan read(Path file) throws IOException {
        try {
            return Json.MAPPER.readValue(Files.readString(file), RunPlan.class);
        } catch (JsonProcessingException e) {
            String problem = e.getOriginalMessage().replaceAll("\\s*\\R\\s*", " ");
            throw new IllegalArgumentException(file + ": not the plan of a run: " + problem, e);
        }
    }
}
