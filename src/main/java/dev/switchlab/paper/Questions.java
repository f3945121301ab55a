package dev.switchlab.paper;

import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.sweep.SweepSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The questions of a folder, {@code experiments/paper}, by number. */
public final class Questions {

    /** Steps of a quick look, as a share of the whole. */
    private static final double QUICK_STEPS = 0.05;

    private static final int QUICK_SEEDS = 2;
    private static final String STEPS = "train.steps";
    private static final String WARMUP = "train.warmup";

    private Questions() {}

    /**
     * Reads all of them.
     *
     * @param experiments the folder of experiment files
     * @throws ExperimentException in one line
     */
    public static List<Question> all(Path experiments) {
        Path folder = experiments.resolve("paper");
        if (!Files.isDirectory(folder)) {
            throw new ExperimentException("there is no folder " + folder + " with questions");
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Question::isQuestion)
                    .map(Question::read)
                    .sorted(Comparator.comparingInt(Question::number))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Some of them.
     *
     * @param wanted numbers with commas or blanks between, such as {@code 3} or {@code 1,4}; blank for all that are
     *     asked together
     */
    public static List<Question> select(List<Question> all, String wanted) {
        if (wanted.isBlank()) {
            return all.stream()
                    .filter(question -> question.asked() == Question.Asked.TOGETHER)
                    .toList();
        }
        List<Question> selected = new ArrayList<>();
        for (String word : wanted.strip().split("[\\s,]+", -1)) {
            selected.add(all.stream()
                    .filter(question -> word.equals(Integer.toString(question.number())))
                    .findFirst()
                    .orElseThrow(() -> new ExperimentException("QUESTION has '" + word + "', allowed: "
                            + all.stream()
                                    .map(question -> Integer.toString(question.number()))
                                    .collect(Collectors.joining(", "))
                            + ", for example QUESTION=3 or QUESTION=1,4")));
        }
        return selected;
    }

    /** A question with settings changed in all of its runs, such as where its text is. */
    public static Question changed(Question question, Map<String, String> changes) {
        return question.with(question.request().withSet(changes));
    }

    /**
     * A question with two seeds and a twentieth of the steps, to see that all of it works.
     *
     * @param experiments the folder of experiment files
     */
    public static Question quick(Question question, Path experiments) {
        SweepSpec request = question.request();
        int steps = ExperimentLoader.load(request.experiments().get(0), List.of(), experiments)
                .train()
                .steps();
        Map<String, String> set = new LinkedHashMap<>(request.set());
        set.putIfAbsent(STEPS, Integer.toString(steps));
        set.replaceAll(Questions::fewer);
        set.put(WARMUP, "2");
        boolean varies = request.variants().values().stream().anyMatch(settings -> settings.containsKey(STEPS));
        Map<String, Map<String, String>> variants = new LinkedHashMap<>();
        request.variants().forEach((variant, settings) -> {
            Map<String, String> fewer = new LinkedHashMap<>(settings);
            if (varies) {
                fewer.putIfAbsent(STEPS, Integer.toString(steps));
            }
            fewer.replaceAll(Questions::fewer);
            variants.put(variant, fewer);
        });
        if (varies) {
            set.remove(STEPS);
        }
        List<Long> seeds = request.seeds().stream().limit(QUICK_SEEDS).toList();
        return question.with(new SweepSpec(
                request.name() + "-quick",
                request.about(),
                request.experiments(),
                set,
                variants,
                request.grid(),
                seeds,
                request.excluded().stream()
                        .filter(combination -> !combination.containsKey("seed")
                                || seeds.contains(Long.valueOf(combination.get("seed"))))
                        .toList(),
                request.resources()));
    }

    private static String fewer(String key, String value) {
        return key.equals(STEPS)
                ? Long.toString(Math.max(1, Math.round(Integer.parseInt(value) * QUICK_STEPS)))
                : value;
    }
}
