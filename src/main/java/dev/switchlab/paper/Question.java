package dev.switchlab.paper;

import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.sweep.SweepFile;
import dev.switchlab.sweep.SweepSpec;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One question, a file {@code experiments/paper/<NN>-<slug>.yaml}: an ordinary sweep file with named variants, or with
 * several experiments, of which each then is a variant under its id; and beside its keys
 *
 * <pre>{@code
 * question: Does the loss fall with the number of experts?
 * paper: Yes (figure 4).
 * baseline: 4 experts          # the variant that others are held against
 * against: {wide, dense: dense}  # variants that are held against another one; may be left out
 * asked: by_number             # how it is asked, a name of Asked; may be left out
 * show: training imbalance     # columns beside loss, difference and time: names of Column
 * figures: bars                # names of Figure
 * reading: What a person makes of the table. May be left out.
 * }</pre>
 *
 * @param number the question's number
 * @param slug its file's name without number and ending
 * @param question asked in one line
 * @param paper what the paper says, with its section or table
 * @param reading what a person makes of what came out; may be empty
 * @param baseline name of the variant that others are held against
 * @param against variants that are held against another one than that, by name
 * @param asked when it is asked, and what its runs have of the machine
 * @param columns what its table shows beside loss, difference and time
 * @param figures what is drawn
 * @param request the sweep
 */
public record Question(
        int number,
        String slug,
        String question,
        String paper,
        String reading,
        String baseline,
        Map<String, String> against,
        Asked asked,
        List<Column> columns,
        List<Figure> figures,
        SweepSpec request) {

    private static final Pattern NAME = Pattern.compile("(\\d{2})-([a-z0-9-]+)\\.yaml");
    private static final List<String> KEYS =
            List.of("question", "paper", "reading", "baseline", "against", "asked", "show", "figures");

    /** When a question is asked, and what its runs have of the machine. */
    public enum Asked {
        /** With all others, several runs at a time. */
        TOGETHER,
        /** Only by its number, because its runs take minutes; several at a time. */
        BY_NUMBER,
        /** Only by its number; each run has all cores to itself. */
        ON_WHOLE_MACHINE
    }

    /** What is drawn of a question. */
    public enum Figure {
        /** Losses with their intervals, side by side. */
        BARS,
        /** Imbalance with its intervals, side by side. */
        IMBALANCE,
        /** Losses by the number in the variants' names, a line for each name without it. */
        LINES,
        /** How much of the routing is as at the end, by step. */
        SATURATION
    }

    /** Whether a file's name is that of a question. */
    static boolean isQuestion(Path file) {
        return NAME.matcher(String.valueOf(file.getFileName())).matches();
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
        SweepFile sweep = SweepFile.of(file, KEYS);
        SweepSpec request = sweep.spec();
        String baseline = sweep.text("baseline");
        int named = request.variants().size();
        int experiments = request.experiments().size();
        if (named + experiments < 2
                || (named > 0 && experiments > 1)
                || !request.grid().axes().isEmpty()) {
            throw new ExperimentException(
                    file + ": a question has variants of one experiment, or several experiments, and no"
                            + " grid, for example variants: {dense: model.feed_forward=dense}");
        }
        Collection<String> variants =
                named == 0 ? request.experiments() : request.variants().keySet();
        requireVariant(file, "baseline", baseline, variants);
        Map<String, String> against = sweep.texts("against");
        against.forEach((variant, other) -> {
            requireVariant(file, "against", variant, variants);
            requireVariant(file, "against", other, variants);
        });
        return new Question(
                Integer.parseInt(name.group(1)),
                name.group(2),
                required(file, sweep, "question"),
                required(file, sweep, "paper"),
                sweep.text("reading"),
                baseline,
                against,
                asked(file, sweep),
                words(sweep.text("show"))
                        .map(word -> constant(Column.class, word, file, "show"))
                        .toList(),
                words(sweep.text("figures"))
                        .map(word -> constant(Figure.class, word, file, "figures"))
                        .toList(),
                request.withName("paper/" + name.group(1) + "-" + name.group(2)));
    }

    /** The same question with another sweep. */
    Question with(SweepSpec other) {
        return new Question(number, slug, question, paper, reading, baseline, against, asked, columns, figures, other);
    }

    private static void requireVariant(Path file, String key, String name, Collection<String> variants) {
        if (!variants.contains(name)) {
            throw new ExperimentException(
                    file + ": " + key + " has '" + name + "', allowed: " + String.join("; ", variants));
        }
    }

    private static String required(Path file, SweepFile sweep, String key) {
        String text = sweep.text(key);
        if (text.isEmpty()) {
            throw new ExperimentException(file + ": " + key + " is missing, for example " + key
                    + ": Does the loss fall with the number of experts?");
        }
        return text;
    }

    private static Asked asked(Path file, SweepFile sweep) {
        String text = sweep.text("asked");
        return text.isEmpty() ? Asked.TOGETHER : constant(Asked.class, text, file, "asked");
    }

    private static Stream<String> words(String text) {
        return Stream.of(text.split("[\\s,]+", -1)).filter(word -> !word.isEmpty());
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String word, Path file, String key) {
        return Stream.of(type.getEnumConstants())
                .filter(constant -> constant.name().equals(word.toUpperCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(() -> new ExperimentException(file + ": " + key + " has '" + word + "', allowed: "
                        + String.join(
                                ", ",
                                Stream.of(type.getEnumConstants())
                                        .map(constant -> constant.name().toLowerCase(Locale.ROOT))
                                        .toList())));
    }
}
