package dev.switchlab.paper;

import com.google.common.base.Enums;
import com.google.common.primitives.Doubles;
import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.sweep.SweepFile;
import dev.switchlab.sweep.SweepSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One question, a file {@code experiments/paper/<NN>-<slug>.yaml}: a sweep file whose variants are compared, or whose
 * experiments are, each then a variant under its id. Beside the keys of a sweep file:
 *
 * <pre>{@code
 * question: Does the loss fall with the number of experts?
 * paper: Yes (figure 4).
 * short: yes                     # what the paper says, in a few words
 * baseline: 4 experts            # the variant that others are compared with
 * decides: 8 experts             # the variant whose difference answers the question; optional
 * against: {wide, dense: dense}  # variants with another baseline; optional
 * margin: 0.01                   # a difference below which variants are equivalent; optional
 * protocol: What was fixed before the runs, and what was changed later, and why. Optional.
 * asked: by_number               # a name of Asked; optional
 * show: training imbalance       # names of Column
 * figures: bars                  # names of Figure
 * reading: What a person makes of the table. Optional.
 * }</pre>
 *
 * <p>{@code init_from} and {@code train.teacher} may name a run of another question, as in {@code 16/8 experts/11}: the
 * number, variant and seed. The run is trained first if the book does not have its model.
 *
 * @param slug the name of the file without number and ending
 * @param paper what the paper says, with its section or table
 * @param inShort what the paper says, in a few words; may be empty
 * @param reading what a person makes of the results; may be empty
 * @param baseline name of the variant that others are compared with
 * @param decides name of the variant whose difference answers the question; empty for none
 * @param against variants with another baseline, by name
 * @param margin in nats per character; NaN without one
 * @param protocol what was fixed before the runs and changed later; may be empty
 * @param columns of the table, beside loss, difference and time
 */
public record Question(
        int number,
        String slug,
        String question,
        String paper,
        String inShort,
        String reading,
        String baseline,
        String decides,
        Map<String, String> against,
        double margin,
        String protocol,
        Asked asked,
        List<Column> columns,
        List<Figure> figures,
        SweepSpec sweep) {

    private static final Pattern NAME = Pattern.compile("(\\d{2})-([a-z0-9-]+)\\.yaml");
    private static final List<String> KEYS = List.of(
            "question",
            "paper",
            "short",
            "reading",
            "baseline",
            "decides",
            "against",
            "margin",
            "protocol",
            "asked",
            "show",
            "figures");

    private static final double QUICK_STEPS = 0.02;
    private static final int QUICK_SEEDS = 2;
    private static final String STEPS = "train.steps";

    /** When a question is asked, and how its runs share the machine. */
    public enum Asked {
        /** Together with others, several runs at a time. */
        TOGETHER,
        /** Only by its number, because its runs take minutes; several at a time. */
        BY_NUMBER,
        /** Only by its number; each run has all cores. */
        ON_WHOLE_MACHINE
    }

    /** Figures of a question. */
    public enum Figure {
        /** Losses with their intervals, side by side. */
        BARS,
        /** Imbalance with its intervals, side by side. */
        IMBALANCE,
        /** Losses by the number of experts in the names of variants, a line for each name. */
        LINES,
        /** Share of the routing that is as at the end, by step. */
        SATURATION,
        /** {@link ScalingFit}, of the baseline and of variants such as {@code switch, 8 experts}. */
        FIT
    }

    /**
     * Reads all questions, by number.
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
            return files.filter(
                            file -> NAME.matcher(file.getFileName().toString()).matches())
                    .map(Question::read)
                    .sorted(Comparator.comparingInt(Question::number))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Selects questions.
     *
     * @param wanted numbers with commas or blanks between, such as {@code 3} or {@code 1,4}; blank for all that are
     *     asked together
     */
    public static List<Question> select(List<Question> all, String wanted) {
        if (wanted.isBlank()) {
            return all.stream()
                    .filter(question -> question.asked == Asked.TOGETHER)
                    .toList();
        }
        return words(wanted)
                .map(word -> all.stream()
                        .filter(question -> word.equals(Integer.toString(question.number)))
                        .findFirst()
                        .orElseThrow(() -> new ExperimentException("QUESTION has '" + word + "', allowed: "
                                + all.stream()
                                        .map(question -> Integer.toString(question.number))
                                        .collect(Collectors.joining(", "))
                                + ", for example QUESTION=3 or QUESTION=1,4")))
                .toList();
    }

    /**
     * Reads a question's file.
     *
     * @throws ExperimentException in one line
     */
    public static Question read(Path file) {
        Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
        if (!name.matches()) {
            throw new ExperimentException(
                    file + ": not the name of a question, allowed: two digits and a name, for example 03-top-2.yaml");
        }
        SweepFile read = new SweepFile(file, KEYS);
        SweepSpec sweep = read.spec();
        boolean hasVariants = !sweep.variants().isEmpty();
        Collection<String> variants = hasVariants ? sweep.variants().keySet() : sweep.experiments();
        boolean isAmbiguous = hasVariants && sweep.experiments().size() > 1;
        if (sweep.variants().size() + sweep.experiments().size() < 2
                || isAmbiguous
                || !sweep.grid().axes().isEmpty()) {
            throw new ExperimentException(
                    file + ": a question has variants of one experiment, or several experiments, and no"
                            + " grid, for example variants: {dense: model.feed_forward=dense}");
        }
        String baseline = read.text("baseline");
        requireVariant(file, "baseline", baseline, variants);
        String decides = read.text("decides");
        if (!decides.isEmpty()) {
            requireVariant(file, "decides", decides, variants);
        }
        Map<String, String> against = read.texts("against");
        against.forEach((variant, other) -> {
            requireVariant(file, "against", variant, variants);
            requireVariant(file, "against", other, variants);
        });
        return new Question(
                Integer.parseInt(name.group(1)),
                name.group(2),
                required(file, read, "question"),
                required(file, read, "paper"),
                read.text("short"),
                read.text("reading"),
                baseline,
                decides,
                against,
                margin(file, read.text("margin")),
                read.text("protocol"),
                read.text("asked").isEmpty()
                        ? Asked.TOGETHER
                        : constant(Asked.class, read.text("asked"), file, "asked"),
                words(read.text("show"))
                        .map(word -> constant(Column.class, word, file, "show"))
                        .toList(),
                words(read.text("figures"))
                        .map(word -> constant(Figure.class, word, file, "figures"))
                        .toList(),
                sweep.withName("paper/" + name.group(1) + "-" + name.group(2)));
    }

    private Question with(SweepSpec other) {
        return new Question(
                number, slug, question, paper, inShort, reading, baseline, decides, against, margin, protocol, asked,
                columns, figures, other);
    }

    /** This question with settings changed in all of its runs but those of variants that set the same themselves. */
    public Question changed(Map<String, String> changes) {
        Map<String, Map<String, String>> variants = new LinkedHashMap<>(sweep.variants());
        Map<String, String> set = new LinkedHashMap<>(changes);
        changes.forEach((key, value) -> {
            if (variants.values().stream().anyMatch(settings -> settings.containsKey(key))) {
                set.remove(key);
                variants.replaceAll((name, settings) -> {
                    Map<String, String> own = new LinkedHashMap<>(settings);
                    own.putIfAbsent(key, value);
                    return own;
                });
            }
        });
        return with(sweep.withVariants(variants).withSet(set));
    }

    /**
     * This question with two seeds, a fiftieth of the steps and a tenth of the validation split, to see that all works.
     */
    public Question quick(Path experiments) {
        String steps =
                Integer.toString(ExperimentLoader.load(sweep.experiments().get(0), List.of(), experiments)
                        .train()
                        .steps());
        boolean varies = sweep.variants().values().stream().anyMatch(settings -> settings.containsKey(STEPS));
        Map<String, Map<String, String>> variants = new LinkedHashMap<>();
        sweep.variants()
                .forEach((variant, settings) -> variants.put(variant, varies ? fewer(settings, steps) : settings));
        Map<String, String> set = varies ? new LinkedHashMap<>(sweep.set()) : fewer(sweep.set(), steps);
        if (varies) {
            set.remove(STEPS);
        }
        set.put("train.warmup", "2");
        set.put("train_fraction", "0.99"); // a tenth of the time that the whole validation split takes
        List<Long> seeds = sweep.seeds().stream().limit(QUICK_SEEDS).toList();
        return with(new SweepSpec(
                sweep.name() + "-quick",
                sweep.about(),
                sweep.experiments(),
                set,
                variants,
                sweep.grid(),
                seeds,
                sweep.excluded().stream()
                        .filter(combination -> !combination.containsKey("seed")
                                || seeds.contains(Long.valueOf(combination.get("seed"))))
                        .toList(),
                sweep.resources()));
    }

    /** Settings with a fiftieth of their steps, or of {@code steps} where they have none. */
    private static Map<String, String> fewer(Map<String, String> settings, String steps) {
        Map<String, String> fewer = new LinkedHashMap<>(settings);
        long all = Long.parseLong(settings.getOrDefault(STEPS, steps));
        fewer.put(STEPS, Long.toString(Math.max(1, Math.round(all * QUICK_STEPS))));
        return fewer;
    }

    private static void requireVariant(Path file, String key, String name, Collection<String> variants) {
        if (!variants.contains(name)) {
            throw new ExperimentException(
                    file + ": " + key + " has '" + name + "', allowed: " + String.join("; ", variants));
        }
    }

    private static double margin(Path file, String text) {
        if (text.isEmpty()) {
            return Double.NaN;
        }
        Double margin = Doubles.tryParse(text);
        if (margin == null || !(margin > 0) || margin.isInfinite()) {
            throw new ExperimentException(
                    file + ": margin has '" + text + "', allowed: a number above 0, for example margin: 0.01");
        }
        return margin;
    }

    private static String required(Path file, SweepFile read, String key) {
        String text = read.text(key);
        if (text.isEmpty()) {
            throw new ExperimentException(file + ": " + key + " is missing, for example " + key
                    + ": Does the loss fall with the number of experts?");
        }
        return text;
    }

    private static Stream<String> words(String text) {
        return Stream.of(text.split("[\\s,]+", -1)).filter(word -> !word.isEmpty());
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String word, Path file, String key) {
        return Enums.getIfPresent(type, word.toUpperCase(Locale.ROOT))
                .toJavaUtil()
                .orElseThrow(() -> new ExperimentException(file + ": " + key + " has '" + word + "', allowed: "
                        + Stream.of(type.getEnumConstants())
                                .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", "))));
    }
}
