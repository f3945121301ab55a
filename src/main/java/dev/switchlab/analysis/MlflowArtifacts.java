package dev.switchlab.analysis;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.switchlab.analysis.chart.Png;
import dev.switchlab.io.Json;
import dev.switchlab.train.RoutingTrace;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.UUID;

/**
 * What MLflow's own pages show of a run beside its report, in the form in which they look for it (MLflow 3,
 * {@code log_image} and {@code log_table} in mlflow/tracking/client.py, and the reader of images in ImageReducer.ts):
 * each step's load of the experts as an image, for the slider of the run's charts; and what experts specialize in as a
 * table.
 *
 * @param files artifact path to content
 * @param tags the run's tags that tell MLflow's pages to look
 */
public record MlflowArtifacts(Map<String, byte[]> files, Map<String, String> tags) {

    /** The name of the images in MLflow's charts. MLflow refuses a name with a slash. */
    static final String IMAGE = "expert_load";

    static final String TABLE = "specialization.json";

    /**
     * For a run with experts.
     *
     * @param runId makes the names of its images its own: written again, they replace the older ones
     * @param time when its images count as logged
     * @param loads share of a fixed text's choices that [sparse layer][expert] gets, by step
     */
    static MlflowArtifacts of(String runId, Instant time, SortedMap<Integer, double[][]> loads, RoutingTrace trace) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        loads.forEach((step, load) -> {
            byte[] png = Png.of(shades(load));
            String name = imageName(runId, step, time);
            files.put(name + ".png", png);
            // The small copy that the slider shows. MLflow's client makes a WebP of it, its pages take a PNG as well.
            files.put(name + "+compressed.png", png);
        });
        files.put(TABLE, table(trace).getBytes(StandardCharsets.UTF_8));
        Map<String, String> tags = new LinkedHashMap<>();
        if (!loads.isEmpty()) {
            tags.put("mlflow.loggedImages", "True");
        }
        tags.put("mlflow.loggedArtifacts", "[{\"path\": \"" + TABLE + "\", \"type\": \"table\"}]");
        return new MlflowArtifacts(files, tags);
    }

    /**
     * MLflow separates the parts by % or +, and reads both. Where it decodes a path once too often, %20 is a blank; +
     * stays what it is.
     */
    private static String imageName(String runId, int step, Instant time) {
        UUID id = UUID.nameUUIDFromBytes((runId + "/" + IMAGE + "/" + step).getBytes(StandardCharsets.UTF_8));
        return "images/" + IMAGE + "+step+" + step + "+timestamp+" + time.toEpochMilli() + "+" + id;
    }

    /** One scale for all steps: an even load in the middle, twice as much and more at the light end. */
    private static double[][] shades(double[][] load) {
        return Arrays.stream(load)
                .map(layer -> Arrays.stream(layer)
                        .map(share -> share * layer.length / 2)
                        .toArray())
                .toArray(double[][]::new);
    }

    /** Like pandas' {@code to_json(orient="split", index=False)}. */
    private record Split(List<String> columns, List<List<Object>> data) {}

    /**
     * One row per layer and kind of character: how many tokens are of that kind, and the share of them that goes to
     * each expert.
     */
    private static String table(RoutingTrace trace) {
        List<String> columns = new ArrayList<>(List.of("layer", "kind of character", "tokens"));
        for (int expert = 0; expert < trace.nExperts(); expert++) {
            columns.add("expert " + expert);
        }
        List<List<Object>> data = new ArrayList<>();
        RoutingTables tables = new RoutingTables(trace);
        for (RoutingTrace.Layer layer : trace.layers()) {
            tables.classCounts(layer).forEach((kind, counts) -> {
                int tokens = Arrays.stream(counts).sum();
                List<Object> row = new ArrayList<>(List.of(layer.layer(), kind.label(), tokens));
                for (int count : counts) {
                    row.add(Math.round((double) count / tokens * 1e4) / 1e4);
                }
                data.add(row);
            });
        }
        try {
            return Json.MAPPER.writeValueAsString(new Split(columns, data));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // names and numbers
        }
    }
}
