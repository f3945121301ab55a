package dev.switchlab.paper;

import com.google.common.collect.LinkedHashMultimap;
import com.google.common.collect.Multimap;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.Difference;
import dev.switchlab.analysis.Difference.Verdict;
import dev.switchlab.analysis.Setting;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.page.TextTable;
import dev.switchlab.runs.Run;
import dev.switchlab.sweep.MakeLine;
import dev.switchlab.sweep.SweepRun;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One question in Markdown: the comparison of its variants, and the command that repeats a run.
 *
 * @param rows of the page by the id of their first run, such as {@code 2 D}: questions share runs
 */
record QuestionSection(Answer answer, Multimap<String, String> rows) {

    /** The rows of some answers. */
    static Multimap<String, String> rows(List<Answer> answers) {
        Multimap<String, String> rows = LinkedHashMultimap.create();
        for (Answer answer : answers) {
            for (Setting variant : answer.variants()) {
                rows.put(firstId(variant), answer.question().number() + " " + variant.letter());
            }
        }
        return rows;
    }

    private static String firstId(Setting variant) {
        return variant.runs().get(0).runId();
    }

    /**
     * The section.
     *
     * @param figures its figures, each as a Markdown image
     */
    String text(List<String> figures) {
        Question question = answer.question();
        List<String> parts = new ArrayList<>();
        parts.add("## " + heading());
        parts.add("The paper: " + question.paper());
        parts.add(protocol());
        if (answer.missing() > 0) {
            parts.add("**" + answer.missing() + " runs are missing**: `make paper QUESTION=" + question.number()
                    + "` makes them.");
        }
        if (!answer.variants().isEmpty()) {
            parts.add(table());
            sameRuns().ifPresent(parts::add);
            parts.add(sentence());
            if (question.figures().contains(Question.Figure.FIT)) {
                ScalingFit.of(answer).map(QuestionSection::fits).ifPresent(parts::add);
            }
            if (question.columns().contains(Column.INFORMATION)) {
                parts.add(specialization());
            }
            if (!question.reading().isEmpty()) {
                parts.add("**Reading.** " + question.reading());
            }
            parts.addAll(figures);
            parts.add(again());
            parts.add(runs());
        }
        return String.join("\n\n", parts) + "\n";
    }

    private String protocol() {
        Question question = answer.question();
        List<Long> seeds = question.sweep().seeds();
        return "Protocol: seeds " + seeds.get(0) + " to " + seeds.get(seeds.size() - 1) + ", "
                + (Double.isNaN(question.margin()) ? "no margin." : "margin " + question.margin() + ".")
                + (question.protocol().isEmpty() ? "" : " " + question.protocol());
    }

    private static String fits(ScalingFit fit) {
        return "Least squares with intervals over resampled seeds, a dense model as one expert: " + fit
                + ". Of the paper's table 7, in nats per token of its own text: " + ScalingFit.TABLE_7 + ".";
    }

    private Optional<String> sameRuns() {
        String own = answer.question().number() + " ";
        List<String> same = new ArrayList<>();
        for (Setting variant : answer.variants()) {
            String others = rows.get(firstId(variant)).stream()
                    .filter(row -> !row.startsWith(own))
                    .collect(Collectors.joining(", "));
            if (!others.isEmpty()) {
                same.add(variant.letter() + ": " + others);
            }
        }
        return same.isEmpty()
                ? Optional.empty()
                : Optional.of("The same runs as in rows of other questions: " + String.join("; ", same) + ".");
    }

    private String heading() {
        return answer.question().number() + ". " + answer.question().question();
    }

    /** The heading as a link within the page, as forges make anchors. */
    String link() {
        String anchor = heading()
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N} _-]", "")
                .replace(' ', '-');
        return "[" + heading() + "](#" + anchor + ")";
    }

    /** The difference that answers the question; empty if no variant decides, or it has no run yet. */
    Optional<Difference> decision() {
        return answer.variants().stream()
                .filter(variant -> variant.name().equals(answer.question().decides()))
                .flatMap(variant -> answer.comparison().difference(variant).stream())
                .findFirst();
    }

    private String table() {
        Comparison comparison = answer.comparison();
        Optional<Setting> best = comparison.best();
        TextTable<Setting> table = new TextTable<>(answer.variants())
                .left("", Setting::letter)
                .leftMarkdown("variant", Setting::name)
                .left("seeds", variant -> Integer.toString(variant.runs().size()))
                .leftMarkdown("validation loss", variant -> {
                    String score = score(variant);
                    return best.filter(variant::equals).isPresent() ? "**" + score + "**" : score;
                })
                .left("difference", this::difference)
                .left(
                        "",
                        variant -> comparison
                                .difference(variant)
                                .map(difference -> difference.verdict().toString())
                                .orElse(""));
        answer.question()
                .columns()
                .forEach(column -> table.left(column.title(), variant -> column.cell(variant, comparison)));
        return table.left(
                        "training",
                        variant -> Measures.duration(variant.median(run -> run.metric(Measures.TRAINING_SECONDS))))
                .markdown();
    }

    /** The difference of a variant, and its baseline if that is not the question's. */
    private String difference(Setting variant) {
        return answer.comparison()
                .difference(variant)
                .map(difference -> difference.interval().signed()
                        + (difference.baseline().name().equals(answer.question().baseline())
                                ? ""
                                : " to " + difference.baseline().letter()))
                .orElse("baseline");
    }

    /** For each baseline, the question's first: the variants by verdict. */
    String sentence() {
        Map<Setting, List<Difference>> byBaseline = answer.variants().stream()
                .flatMap(variant -> answer.comparison().difference(variant).stream())
                .collect(Collectors.groupingBy(Difference::baseline));
        if (byBaseline.isEmpty()) {
            return "There is nothing to compare yet.";
        }
        return byBaseline.keySet().stream()
                .sorted(Comparator.comparing(Setting::letter))
                .sorted(Comparator.comparing(
                        baseline -> !baseline.name().equals(answer.question().baseline())))
                .map(baseline -> "Compared with **" + baseline.name() + "** ("
                        + answer.comparison().score(baseline) + "): "
                        + byVerdict(byBaseline.get(baseline)) + ".")
                .collect(Collectors.joining(" "));
    }

    private static String byVerdict(List<Difference> differences) {
        Map<Verdict, String> byVerdict = differences.stream()
                .collect(Collectors.groupingBy(
                        Difference::verdict,
                        () -> new EnumMap<>(Verdict.class),
                        Collectors.mapping(QuestionSection::words, Collectors.joining(", "))));
        return byVerdict.entrySet().stream()
                .map(group -> group.getKey() + ": " + group.getValue())
                .collect(Collectors.joining("; "));
    }

    private static String words(Difference difference) {
        String signed = difference.interval().signed();
        return difference.setting().name() + (signed.isEmpty() ? "" : " (" + signed + ")");
    }

    private String score(Setting variant) {
        return answer.comparison().score(variant).toString();
    }

    private record SeedRun(Setting variant, String seed, Run run) {

        String tag(String name) {
            return run.tags().getOrDefault(name, "");
        }
    }

    /** What experts specialize in, run by run: in every seed or in some? */
    private String specialization() {
        List<SeedRun> runs = new ArrayList<>();
        answer.variants()
                .forEach(variant -> variant.bySeed().forEach((seed, run) -> runs.add(new SeedRun(variant, seed, run))));
        return new TextTable<>(runs)
                        .left("", own -> own.variant().letter())
                        .left("seed", SeedRun::seed)
                        .left("information by layer", own -> own.tag(Measures.INFORMATION))
                        .left("at step 0, by layer", own -> own.tag(Measures.UNTRAINED_INFORMATION))
                        .left(
                                "by hash of the character",
                                own -> Column.text("%.4f", own.run().metric(Measures.HASHED_INFORMATION)))
                        .left("settled at step, by layer", own -> own.tag(Measures.SETTLED))
                        .markdown()
                + """


                Information is the mutual information of expert and kind of character (letter case, vowel, consonant, space, punctuation,
                line start, line break) over the entropy of the kinds, on a part of the validation split; at step 0 it is that of the untrained
                router, by hash that of sending each character to a random expert of its own (mean of 20 such hashes). A layer has settled
                at the first step from which on 80 % of its tokens go to the expert they go to at the end.""";
    }

    /** The best variant's first run with all digits of its score, and the command that repeats it. */
    private String again() {
        Setting shown = answer.comparison().best().orElse(answer.variants().get(0));
        Map.Entry<String, Run> first = shown.bySeed().entrySet().iterator().next();
        Map<String, String> variables = new TreeMap<>();
        variables.put("EXPERIMENT", firstRun(shown).experiment().id());
        variables.put("SEED", first.getKey());
        variables.put("SET", settings(firstRun(shown)));
        variables.put("THREADS", Integer.toString(answer.threads()));
        return "A number again, " + shown.name() + " with seed " + first.getKey() + ", "
                + first.getValue().metric(Comparison.FINAL_SCORE) + ":\n\n    " + MakeLine.of("train", variables);
    }

    private SweepRun firstRun(Setting variant) {
        return answer.firstRuns().get(variant.letter());
    }

    /** The changed settings, without the place where the text was found; a text of the build has none. */
    private static String settings(SweepRun run) {
        Map<String, String> changes = new TreeMap<>(run.changes());
        if (!CorpusStore.DICKENS.equals(changes.get("corpus"))) {
            changes.remove("corpus");
        }
        return ExperimentLoader.text(changes);
    }

    private String runs() {
        Function<Map.Entry<String, Run>, String> run = of -> String.format(
                Locale.ROOT,
                "%s: %s %.4f",
                of.getKey(),
                of.getValue().shortId(),
                of.getValue().metric(Comparison.FINAL_SCORE));
        return "<details><summary>Settings and runs</summary>\n\n"
                + new TextTable<>(answer.variants())
                        .left("", Setting::letter)
                        .leftMarkdown(
                                "settings",
                                variant -> "`" + firstRun(variant).experiment().id() + " " + settings(firstRun(variant))
                                        + "`")
                        .left(
                                "runs by seed",
                                variant -> variant.bySeed().entrySet().stream()
                                        .map(run)
                                        .collect(Collectors.joining(", ")))
                        .markdown()
                + "\n\n</details>";
    }
}
