package dev.switchlab.paper;

import dev.switchlab.analysis.MeanInterval;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.io.Durations;
import dev.switchlab.runs.Run;
import dev.switchlab.sweep.SweepRun;
import dev.switchlab.sweep.MakeLine;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** One question in Markdown: what was asked, what came out, and how to have it again. */
final class QuestionSection {

    private final Answer answer;
    private final Measures measures;

    QuestionSection(Answer answer, Measures measures) {
        this.answer = answer;
        this.measures = measures;
    }

    /**
     * The section.
     *
     * @param figures its figures, each as a Markdown image
     */
    String text(List<String> figures) {
        Question question = answer.question();
        StringBuilder text = new StringBuilder("## " + question.number() + ". " + question.question() + "\n\n");
        text.append("The paper: ").append(question.paper()).append("\n\n");
        if (answer.missing() > 0) {
            text.append("**")
                    .append(answer.missing())
                    .append(" runs are missing**: `make paper QUESTION=")
                    .append(question.number())
                    .append("` makes them.\n\n");
        }
        if (answer.variants().isEmpty()) {
            return text.toString();
        }
        text.append(table()).append('\n');
        text.append(new Sentence(answer).text()).append("\n\n");
        if (question.figures().contains(Question.Figure.LINES)) {
            text.append(matrix());
        }
        if (question.columns().contains(Column.INFORMATION)) {
            text.append(new SpecializationTable(answer, measures).text()).append('\n');
        }
        if (!question.reading().isEmpty()) {
            text.append("**Reading.** ").append(question.reading()).append("\n\n");
        }
        figures.forEach(figure -> text.append(figure).append("\n\n"));
        return text.append(again()).append(runs()).toString();
    }

    /** The first line against all others. */
    private String matrix() {
        Matrix matrix = new Matrix(answer.variants());
        return matrix.names().size() < 2
                ? ""
                : matrix.firstLine()
                        .map(line -> matrix.differences(line) + "\n")
                        .orElse("");
    }

    private String table() {
        List<Column> columns = answer.question().columns();
        StringBuilder text = new StringBuilder("| | variant | seeds | validation loss | difference | |");
        columns.forEach(column -> text.append(' ').append(column.title()).append(" |"));
        text.append(" training |\n|")
                .append(" --- |".repeat(columns.size() + 7))
                .append('\n');
        for (Variant variant : answer.variants()) {
            boolean best = answer.best().filter(variant::equals).isPresent();
            Optional<Variant> baseline = answer.baseline(variant);
            MeanInterval difference =
                    baseline.map(variant::lessThan).orElse(new MeanInterval(0, Double.NaN, Double.NaN));
            String score = variant.score().toString();
            text.append("| ")
                    .append(answer.letter(variant))
                    .append(" | ")
                    .append(variant.name())
                    .append(" | ")
                    .append(variant.runs().size())
                    .append(" | ")
                    .append(best ? "**" + score + "**" : score)
                    .append(" | ")
                    .append(baseline.isEmpty() ? "baseline" : Sentence.signed(difference) + to(baseline.get()))
                    .append(" | ")
                    .append(Sentence.verdict(difference))
                    .append(" |");
            columns.forEach(column ->
                    text.append(' ').append(column.cell(variant, measures)).append(" |"));
            text.append(' ').append(seconds(variant)).append(" |\n");
        }
        return text.toString();
    }

    /** Which one it is held against, where that is not the question's. */
    private String to(Variant baseline) {
        return baseline.name().equals(answer.question().baseline()) ? "" : " to " + answer.letter(baseline);
    }

    private String seconds(Variant variant) {
        double seconds = Measures.middle(variant, measures::trainingSeconds);
        return Double.isNaN(seconds) ? "" : Durations.text(seconds);
    }

    /** The best variant's first run, and what it gave to the last digit. */
    private String again() {
        Variant shown = answer.best().orElse(answer.variants().get(0));
        long seed = shown.runs().firstKey();
        return "A number again, " + shown.name() + " with seed " + seed + ", "
                + Variant.score(shown.runs().get(seed)) + ":\n\n    " + command(shown.child(), seed) + "\n\n";
    }

    private String command(SweepRun child, long seed) {
        Map<String, String> variables = new TreeMap<>();
        variables.put("EXPERIMENT", child.experiment().id());
        variables.put("SEED", Long.toString(seed));
        variables.put("SET", settings(child));
        variables.put("THREADS", Integer.toString(answer.threads()));
        return MakeLine.of("train", variables);
    }

    /** Without the place where the text was found. */
    private static String settings(SweepRun child) {
        Map<String, String> changes = new TreeMap<>(child.changes());
        changes.remove("corpus");
        return ExperimentLoader.text(changes);
    }

    private String runs() {
        StringBuilder text = new StringBuilder("""
                <details><summary>Settings and runs</summary>

                | | settings | runs by seed |
                | --- | --- | --- |
                """);
        for (Variant variant : answer.variants()) {
            List<String> runs = new ArrayList<>();
            for (Map.Entry<Long, Run> run : variant.runs().entrySet()) {
                runs.add(String.format(
                        Locale.ROOT,
                        "%d: %s %.4f",
                        run.getKey(),
                        run.getValue().shortId(),
                        Variant.score(run.getValue())));
            }
            text.append("| ")
                    .append(answer.letter(variant))
                    .append(" | `")
                    .append(variant.child().experiment().id())
                    .append(' ')
                    .append(settings(variant.child()))
                    .append("` | ")
                    .append(runs.stream().collect(Collectors.joining(", ")))
                    .append(" |\n");
        }
        return text.append("\n</details>\n").toString();
    }
}
