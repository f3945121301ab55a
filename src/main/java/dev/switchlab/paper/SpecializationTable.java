package dev.switchlab.paper;

import dev.switchlab.analysis.RouterSaturation;
import dev.switchlab.analysis.Specialization;
import dev.switchlab.runs.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import tech.tablesaw.api.Row;

/** What experts specialise in, run by run: in every seed or in some? */
final class SpecializationTable {

    /** A layer has settled when so many of its tokens go where they go at the end, and go on doing so. */
    private static final double SETTLED = 0.8;

    private final Answer answer;
    private final Measures measures;

    SpecializationTable(Answer answer, Measures measures) {
        this.answer = answer;
        this.measures = measures;
    }

    String text() {
        StringBuilder text = new StringBuilder(
                "| | seed | information by layer | most by chance, by layer | settled at step, by layer |\n|"
                        + " --- |".repeat(5) + "\n");
        for (Variant variant : answer.variants()) {
            for (Map.Entry<Long, Run> run : variant.runs().entrySet()) {
                Specialization own = measures.specialization(run.getValue());
                text.append("| ")
                        .append(answer.letter(variant))
                        .append(" | ")
                        .append(run.getKey())
                        .append(" | ")
                        .append(shown(own.byLayer(), "%.3f"))
                        .append(" | ")
                        .append(shown(own.highestChanceByLayer(), "%.4f"))
                        .append(" | ")
                        .append(settled(measures.saturation(run.getValue())))
                        .append(" |\n");
            }
        }
        return text.append(
                        "\nInformation is mutual information of expert and kind of character (letter case, vowel, consonant, space,"
                                + " punctuation, line start, line break) over the entropy of the kinds, on a part of the validation split;"
                                + " by chance is the most that 20 shuffles of the same routing have. A layer has settled at the first"
                                + " step from which on 80 % of its tokens go to the expert they go to at the end.\n")
                .toString();
    }

    private static String shown(List<Double> values, String format) {
        return values.stream()
                .map(value -> String.format(Locale.ROOT, format, value))
                .collect(Collectors.joining(", "));
    }

    /** By layer, the first step of the table from which on the routing stays near that of the end. */
    static String settled(RouterSaturation saturation) {
        Map<Integer, Integer> steps = new TreeMap<>();
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < saturation.table().rowCount(); i++) {
            rows.add(saturation.table().row(i));
        }
        for (int i = rows.size() - 1; i >= 0; i--) {
            int layer = rows.get(i).getInt("layer");
            boolean isLast = !steps.containsKey(layer);
            boolean goesOn = !isLast
                    && i + 1 < rows.size()
                    && steps.get(layer) == rows.get(i + 1).getLong("step");
            if (rows.get(i).getDouble("saturation") >= SETTLED && (isLast || goesOn)) {
                steps.put(layer, Math.toIntExact(rows.get(i).getLong("step")));
            }
        }
        return steps.values().stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}
