package dev.switchlab.paper;

import com.google.common.collect.Multimap;
import dev.switchlab.analysis.Difference;
import dev.switchlab.analysis.chart.Chart;
import dev.switchlab.io.Durations;
import dev.switchlab.io.WholeFile;
import dev.switchlab.page.TextTable;
import dev.switchlab.runs.Run;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/** All answers as one Markdown file, with figures beside it. The same runs give the same bytes. */
final class Results {

    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private static final String QUICK =
            "**A quick look whether all of it works: a fiftieth of the steps, a tenth of the validation split, two seeds."
                    + " Its numbers mean nothing.**";

    private static final String ABOUT = """
            What the Switch Transformer paper (arXiv 2101.03961) and its successors argue about, asked of the smallest model in which
            differences are larger than the noise between seeds; `miniature.yaml` says how it was found. Written by `make paper`; questions,
            sweeps and readings are in `paper/`.""";

    private static final String PROTOCOL = """
            **Scores** are cross-entropies in nats per character over the whole validation split, in windows of the training's length, one after
            another without overlap; a character is predicted from those before it in its window. The split is the last tenth of the text; in
            question 17, all but the first twentieth. The score is that of the last step; no checkpoint is chosen. Learning rates and initial
            scales were tuned on the last tenth of the training text, with seeds 1 and 2, before the seeds of this page were run; each
            question's file in `paper/` has the losses. The size of the model was chosen by the validation split, with seeds 1 and 2. So was,
            before that tuning, the learning rate of 0.008, which is in its grid.

            Means come with 95 % intervals by Student's t over seeds. A **difference** and its interval are those of a model of all variants
            of a question, `loss = variant + seed + noise`, with one variance of the noise. *Better* and *worse* hold for all {comparisons} comparisons of this
            page together (Holm's procedure, 5 %). *Equivalent* means that the difference is less than the margin of its question (two
            one-sided tests, 5 % each). *Undecided* is neither. **Bold** is the least mean. **Training** is the number of steps times the
            time of a step that nothing else on the machine slowed: the one that nine tenths of a run's steps exceed, median over a
            variant's runs; start and scoring are not included. A **reading** is a person's; a test compares its numbers and verdicts with
            the tables. The runs are in `data/`, a CSV file for each question. A setting such as `init_from="16/switch, 8 experts/11"` names
            a run of another question, here its variant with 8 experts and seed 11; `make paper QUESTION=17` trains such a run first.""";

    private final List<Answer> answers;
    private final double[] pValues;
    private final boolean quick;

    /**
     * @param answers by number
     * @param quick whether runs are cut short, to see that all of it works
     */
    Results(List<Answer> answers, boolean quick) {
        pValues = answers.stream()
                .flatMapToDouble(answer -> answer.comparison().pValues())
                .filter(Double::isFinite)
                .toArray();
        double level = Difference.level(DoubleStream.of(pValues));
        this.answers = answers.stream().map(answer -> answer.at(level)).toList();
        this.quick = quick;
    }

    /**
     * Writes the file, whole or not at all, and its figures into the folder {@code figures} beside it.
     *
     * @param file such as {@code experiments/results/RESULTS.md}
     */
    void write(Path file) throws IOException {
        Multimap<String, String> rows = QuestionSection.rows(answers);
        Path figures = file.toAbsolutePath().getParent().resolve("figures");
        List<String> parts = new ArrayList<>(List.of(
                "# The paper in miniature",
                quick ? QUICK : ABOUT,
                inShort(rows),
                facts(),
                PROTOCOL.replace("{comparisons}", Integer.toString(pValues.length))));
        for (Answer answer : answers) {
            List<String> links = new ArrayList<>();
            Map<String, Chart> charts = answer.variants().isEmpty() ? Map.of() : new QuestionFigures(answer).all();
            for (Map.Entry<String, Chart> chart : charts.entrySet()) {
                WholeFile.write(
                        figures.resolve(chart.getKey() + ".svg"),
                        chart.getValue().svg());
                // The alternative text has what is in the figure.
                links.add("![" + chart.getValue().description() + "](figures/" + chart.getKey() + ".svg)");
            }
            parts.add(new QuestionSection(answer, rows).text(links).strip());
        }
        WholeFile.write(file, String.join("\n\n", parts) + "\n");
    }

    private String facts() {
        // Each run once: questions share runs.
        Map<String, Run> byId = new LinkedHashMap<>();
        answers.forEach(answer -> answer.comparison().runs().forEach(run -> byId.put(run.runId(), run)));
        Collection<Run> runs = byId.values();
        int missing = answers.stream().mapToInt(Answer::missing).sum();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("processor", distinct(runs, run -> run.tags().get("switchlab.cpu")));
        facts.put("runs", runs.size() + (missing > 0 ? " (" + missing + " missing)" : "") + ", each with " + threads());
        double seconds = runs.stream()
                .mapToDouble(run -> run.metric(Measures.TRAINING_SECONDS))
                .filter(Double::isFinite)
                .sum();
        facts.put("time", Durations.text(seconds) + " of training in all runs together");
        runs.stream().map(Run::start).min(Instant::compareTo).ifPresent(first -> {
            String last = runs.stream()
                    .flatMap(run -> run.end().stream())
                    .max(Instant::compareTo)
                    .map(DAY::format)
                    .orElse("not yet");
            facts.put("begun, ended", DAY.format(first) + ", " + last);
        });
        facts.put("text", distinct(runs, Results::text));
        facts.put("commit", distinct(runs, Results::commit));
        return new TextTable<>(facts.entrySet())
                .left("", Map.Entry::getKey)
                .left("", Map.Entry::getValue)
                .markdown();
    }

    private String threads() {
        String counts = answers.stream()
                .filter(answer -> !answer.variants().isEmpty())
                .map(answer -> String.valueOf(answer.threads()))
                .distinct()
                .collect(Collectors.joining(" or "));
        return counts.equals("1") ? "1 thread" : counts + " threads";
    }

    /** @param value null for a run without one */
    private static String distinct(Collection<Run> runs, Function<Run, String> value) {
        return runs.stream().map(value).filter(Objects::nonNull).distinct().collect(Collectors.joining(", "));
    }

    private static String text(Run run) {
        String digest = run.params().get("corpus.sha256");
        return digest == null ? null : "sha256 " + digest.substring(0, Math.min(16, digest.length()));
    }

    private static String commit(Run run) {
        String commit = run.tags().get("mlflow.source.git.commit");
        return commit == null
                ? null
                : commit.substring(0, 8) + ("true".equals(run.tags().get("switchlab.dirty")) ? " with changes" : "");
    }

    private String inShort(Multimap<String, String> rows) {
        return new TextTable<>(answers.stream()
                        .map(answer -> new QuestionSection(answer, rows))
                        .toList())
                .leftMarkdown("question", QuestionSection::link)
                .leftMarkdown(
                        "the paper", section -> section.answer().question().inShort())
                .leftMarkdown("here", Results::here)
                .left(
                        "",
                        section -> section.decision()
                                .map(difference -> difference.verdict().toString())
                                .orElse(""))
                .markdown();
    }

    private static String here(QuestionSection section) {
        return section.decision()
                .map(difference -> difference.setting().name() + " less "
                        + difference.baseline().name() + ": "
                        + difference.interval().signed())
                .orElse(section.answer().variants().isEmpty() ? "not run yet" : "");
    }
}
