package dev.switchlab.analysis;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.switchlab.analysis.chart.Png;
import dev.switchlab.io.Json;
import dev.switchlab.train.RoutingTrace;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.UUID;
import tech.tablesaw.api.Row;
import tech.tablesaw.api.Table;

/**
 * What MLflow's own pages show of a run beside its report, in the form in which they look for it (MLflow 3,
 * {@code log_image} and {@code log_table} in mlflow/tracking/client.py, and the reader of images in ImageReducer.ts):
 * each step's load of the experts as an image, for the slider of the run's charts; and what experts specialise in as a
 * table.
 *
 * @param files artifact path to content
 * @param tags the run's tags that tell MLflow's pages to look
 */
public record MlflowArtifacts(Map<String, byte[]> files, Map<String, String> tags) {

    /** The name of the images in MLflow's charts. MLflow refuses a name with a slash. */
    static final String IMAGE = "expert_load";

    static final String TABLE = "specialization.json";

    /** For a run without experts. */
    public static MlflowArtifacts none() {
        return new MlflowArtifacts(Map.of(), Map.of());
    }

    /**
     * For a run with experts.
     *
     * @param runId makes the names of its images its own: written again, they replace the older ones
     * @param time when its images count as logged
     * @param loads share of a fixed text's choices that [sparse layer][expert] gets, by step
     * @param trace how the trained model routes a text
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
        double[][] shades = new double[load.length][];
        for (int layer = 0; layer < load.length; layer++) {
            shades[layer] = new double[load[layer].length];
            for (int expert = 0; expert < shades[layer].length; expert++) {
                shades[layer][expert] = load[layer][expert] * load[layer].length / 2;
            }
        }
        return shades;
    }

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
        Table shares = new RoutingTables(trace).specialization();
        for (Row share : shares) {
            if (share.getInt("expert") == 0) {
                data.add(new ArrayList<>(List.of(share.getInt("layer"), share.getString("class"), 0)));
            }
            List<Object> row = data.get(data.size() - 1);
            row.set(2, (Integer) row.get(2) + share.getInt("tokens"));
            row.add(Math.round(share.getDouble("share") * 1e4) / 1e4);
        }
        try {
            Map<String, Object> split = new LinkedHashMap<>();
            split.put("columns", columns);
            split.put("data", data);
            return Json.MAPPER.writeValueAsString(split);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // names and numbers
        }
    }
}
