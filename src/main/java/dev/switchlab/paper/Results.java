package dev.switchlab.paper;

import dev.switchlab.analysis.RunSource;
import dev.switchlab.analysis.chart.Chart;
import dev.switchlab.io.Durations;
import dev.switchlab.io.WholeFile;
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

/** All answers as one Markdown file, and their figures beside it. The same runs give the same bytes. */
public final class Results {

    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final List<Answer> answers;
    private final Measures measures;
    private final boolean quick;

    /**
     * @param answers by number
     * @param source where runs are
     * @param weights where the file with a run's weights is
     * @param quick whether it was only a look whether all of it works
     */
    public Results(List<Answer> answers, RunSource source, Function<Run, Path> weights, boolean quick) {
        this.answers = List.copyOf(answers);
        this.measures = new Measures(source, weights);
        this.quick = quick;
    }

    /**
     * Writes the file, whole, and its figures into the folder {@code figures} beside it.
     *
     * @param file such as {@code experiments/results/RESULTS.md}
     */
    public void write(Path file) throws IOException {
        Path figures = file.toAbsolutePath().getParent().resolve("figures");
        StringBuilder sections = new StringBuilder();
        for (Answer answer : answers) {
            List<String> links = new ArrayList<>();
            if (!answer.variants().isEmpty()) {
                for (Map.Entry<String, Chart> chart :
                        new AnswerFigures(answer, measures).all().entrySet()) {
                    WholeFile.write(
                            figures.resolve(chart.getKey() + ".svg"),
                            chart.getValue().svg());
                    // Who does not see the figure reads what is in it.
                    links.add("![" + chart.getValue().description() + "](figures/" + chart.getKey() + ".svg)");
                }
            }
            sections.append('\n').append(new QuestionSection(answer, measures).text(links));
        }
        WholeFile.write(file, head() + sections);
    }

    private String head() {
        return "# The paper in miniature\n\n"
                + (quick
                        ? "**A quick look whether all of it works: a twentieth of the steps, two seeds. Its numbers mean nothing.**\n\n"
                        : "What the Switch Transformer paper (arXiv 2101.03961) and its successors argue about, asked of the smallest model in"
                                + " which differences are larger than the noise between seeds; `miniature.yaml` says how it was found. Written by"
                                + " `make paper`; questions, sweeps and readings are in `paper/`.\n\n")
                + facts() + "\n" + protocol() + "\n## In short\n\n" + inShort();
    }

    private String facts() {
        Collection<Run> runs = runs();
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("processor", tags(runs, "switchlab.cpu"));
        facts.put(
                "runs",
                runs.size() + (missing() > 0 ? " (" + missing() + " missing)" : "") + ", each with " + threads());
        facts.put(
                "time",
                Durations.text(runs.stream()
                                .mapToDouble(measures::trainingSeconds)
                                .filter(Double::isFinite)
                                .sum())
                        + " of training in all runs together");
        runs.stream()
                .map(Run::start)
                .min(Instant::compareTo)
                .ifPresent(first -> facts.put(
                        "begun, ended",
                        DAY.format(first) + ", "
                                + runs.stream()
                                        .flatMap(run -> run.end().stream())
                                        .max(Instant::compareTo)
                                        .map(DAY::format)
                                        .orElse("not yet")));
        facts.put(
                "text",
                runs.stream()
                        .map(run -> run.params().get("corpus.sha256"))
                        .filter(Objects::nonNull)
                        .distinct()
                        .map(digest -> "sha256 " + digest.substring(0, Math.min(16, digest.length())))
                        .collect(Collectors.joining(", ")));
        facts.put("commit", commits(runs));
        StringBuilder text = new StringBuilder("| | |\n| --- | --- |\n");
        facts.forEach((name, value) ->
                text.append("| ").append(name).append(" | ").append(value).append(" |\n"));
        return text.toString();
    }

    private String threads() {
        String counts = answers.stream()
                .filter(answer -> !answer.variants().isEmpty())
                .map(Answer::threads)
                .distinct()
                .map(String::valueOf)
                .collect(Collectors.joining(" or "));
        return counts.equals("1") ? "1 thread" : counts + " threads";
    }

    private int missing() {
        return answers.stream().mapToInt(Answer::missing).sum();
    }

    /** Each once: questions share runs. */
    private Collection<Run> runs() {
        Map<String, Run> runs = new LinkedHashMap<>();
        answers.forEach(answer -> answer.variants()
                .forEach(variant -> variant.runs().values().forEach(run -> runs.put(run.runId(), run))));
        return runs.values();
    }

    private static String tags(Collection<Run> runs, String tag) {
        return runs.stream()
                .map(run -> run.tags().get(tag))
                .filter(Objects::nonNull)
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private static String commits(Collection<Run> runs) {
        return runs.stream()
                .filter(run -> run.tags().containsKey("mlflow.source.git.commit"))
                .map(run -> run.tags().get("mlflow.source.git.commit").substring(0, 8)
                        + ("true".equals(run.tags().get("switchlab.dirty")) ? " with changes" : ""))
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private static String protocol() {
        return """
                **Scores** are cross-entropies in nats per character over the whole validation split, the last tenth of the text, in windows of the
                training's length, one after another without overlap; a character is predicted from those before it in its window. The score is that
                of the last step: no checkpoint is chosen, and nothing was tuned on this split but the size of the model and its learning rate.
                Means come with 95 % intervals by Student's t over seeds. A **difference** is taken seed by seed, its interval, too, and is called
                *inside* where the interval holds zero: these seeds show no difference. **Bold** is the least mean. With some 80 comparisons, a few
                intervals leave zero out by chance. **Training** is the steps times the time of one that nothing else on the machine slowed: that which nine
                tenths of a run's steps exceed, in the middle one of a variant's runs; start and scoring are not in it.
                """;
    }

    private String inShort() {
        StringBuilder text = new StringBuilder();
        for (Answer answer : answers) {
            Question question = answer.question();
            String said = !question.reading().isEmpty() && !quick
                    ? question.reading()
                    : answer.variants().isEmpty() ? "Not run yet." : new Sentence(answer).text();
            text.append(question.number())
                    .append(". **")
                    .append(question.question())
                    .append("** ")
                    .append(said)
                    .append('\n');
        }
        return text.toString();
    }
}
