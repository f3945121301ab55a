package dev.switchlab.sweep;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.switchlab.data.Corpus;
import dev.switchlab.experiment.LaterSettings;
import dev.switchlab.io.Json;
import dev.switchlab.io.Sha256;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What makes two calls the same sweep. Kept as an artifact of the parent run, which fixes the names of the components.
 *
 * @param conditions what decides rounding: device, threads, kernels
 * @param settings by {@link SweepRun#row()}: all {@linkplain LaterSettings#timeless timeless} parameters and the text
 * @param children seeds by row
 */
public record SweepIdentity(
        SortedMap<String, String> conditions,
        SortedMap<String, SortedMap<String, String>> settings,
        SortedMap<String, List<Long>> children) {

    /** The artifact of the parent run. */
    public static final String ARTIFACT = "sweep.json";

    private static final int DIGITS = 16;

    /** @param texts what each run is trained on */
    static SweepIdentity of(Sweep sweep, Function<SweepRun, Corpus> texts, Map<String, String> conditions) {
        SortedMap<String, SortedMap<String, String>> settings = new TreeMap<>();
        SortedMap<String, List<Long>> children = new TreeMap<>();
        sweep.settings().forEach((row, runs) -> {
            SweepRun first = runs.get(0);
            SortedMap<String, String> all =
                    new TreeMap<>(LaterSettings.timeless(first.experiment().toParams()));
            all.remove("seed");
            Corpus corpus = texts.apply(first);
            all.put("corpus.name", corpus.name());
            all.put("corpus.sha256", corpus.sha256());
            settings.put(row, all);
            children.put(row, runs.stream().map(SweepRun::seed).sorted().toList());
        });
        return new SweepIdentity(new TreeMap<>(conditions), settings, children);
    }

    /** 16 hexadecimal digits: the tag {@link dev.switchlab.runs.RunInfo#SWEEP_TAG}. */
    public String digest() {
        return Sha256.of(toJson()).substring(0, DIGITS);
    }

    /** The first change since a sweep began, such as {@code smoke: train.steps was 200, is 300 now}. */
    public Optional<String> difference(SweepIdentity begun) {
        List<String> differences = new ArrayList<>();
        differ(begun.conditions, conditions, "", differences);
        begun.settings.forEach((row, was) -> {
            if (settings.containsKey(row)) {
                differ(LaterSettings.complete(was), LaterSettings.complete(settings.get(row)), row + ": ", differences);
            }
        });
        if (differences.isEmpty() && !equals(begun)) {
            differences.add("it had the runs " + begun.children + " and has " + children + " now");
        }
        return differences.stream().findFirst();
    }

    private static void differ(Map<String, String> was, Map<String, String> is, String where, List<String> out) {
        SortedMap<String, String> all = new TreeMap<>(was);
        all.putAll(is);
        for (String key : all.keySet()) {
            String before = was.getOrDefault(key, "not there");
            String now = is.getOrDefault(key, "not there");
            if (!before.equals(now)) {
                out.add(where + key + " was " + before + ", is " + now + " now");
            }
        }
    }

    /** As JSON with sorted keys, so that equal identities have equal texts. */
    public String toJson() {
        try {
            return Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps of texts cannot be written: " + e.getOriginalMessage(), e);
        }
    }

    /**
     * Reads {@link #toJson}.
     *
     * @param source what the message calls the text
     * @throws IllegalArgumentException in one line, for other content
     */
    public static SweepIdentity ofJson(String json, String source) {
        try {
            return Json.MAPPER.readValue(json, SweepIdentity.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    source + ": not the identity of a sweep: "
                            + e.getOriginalMessage().replaceAll("\\s*\\R\\s*", " "),
                    e);
        }
    }
}
