package dev.switchlab.sweep;

import dev.switchlab.io.Durations;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Stopped;
import dev.switchlab.sweep.Status.Waiting;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A sweep as a table on a terminal: settings down, seeds across, and a line for the whole. Where there is no room for a
 * column each, a setting's seeds are counted; where there is none for a line each, settings that wait or are done are.
 */
public final class SweepTable {

    private static final String GAP = "  ";
    private static final int LONGEST_NAME = 48;
    private static final int SHORTEST_CELL = 9;

    private final SweepProgress progress;
    private final Function<OptionalDouble, String> more;
    private final Map<String, List<SweepRun>> settings;
    private final Set<Long> seeds = new LinkedHashSet<>();

    /** @param progress what is shown, as it is at each call of {@link #lines} */
    public SweepTable(SweepProgress progress) {
        this(progress, left -> "");
    }

    /**
     * A table of a sweep that is a part of something.
     *
     * @param more what is said after the line for the whole, by the seconds that the sweep may still take
     */
    public SweepTable(SweepProgress progress, Function<OptionalDouble, String> more) {
        this.more = more;
        this.progress = progress;
        this.settings = progress.sweep().settings();
        seeds.addAll(progress.sweep().spec().seeds());
    }

    /**
     * The table now.
     *
     * @param width characters that fit into a line
     * @param height lines that fit
     */
    public List<String> lines(int width, int height) {
        List<String> rows = List.copyOf(settings.keySet());
        List<List<String>> table = byColumns(rows);
        if (widthOf(table) > width) {
            table = counted(rows);
        }
        List<String> lines = aligned(table, width);
        lines = fitted(lines, height - 1);
        lines.add(cut(whole(), width));
        return lines;
    }

    private List<List<String>> byColumns(List<String> rows) {
        List<List<String>> table = new ArrayList<>();
        List<String> header = new ArrayList<>(List.of("setting"));
        seeds.forEach(seed -> header.add("seed " + seed));
        table.add(header);
        for (String row : rows) {
            Map<Long, String> cells = new LinkedHashMap<>();
            settings.get(row).forEach(child -> cells.put(child.seed(), cell(progress.of(child))));
            List<String> line = new ArrayList<>(List.of(name(row)));
            seeds.forEach(seed -> line.add(padded(cells.getOrDefault(seed, "-"), SHORTEST_CELL)));
            table.add(line);
        }
        return table;
    }

    private List<List<String>> counted(List<String> rows) {
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("setting", "done", "mean", "now"));
        for (String row : rows) {
            List<Status> states =
                    settings.get(row).stream().map(progress::of).toList();
            OptionalDouble mean = states.stream()
                    .filter(Done.class::isInstance)
                    .mapToDouble(state -> ((Done) state).score())
                    .average();
            String now = states.stream()
                    .filter(state -> !(state instanceof Done) && !(state instanceof Waiting))
                    .map(SweepTable::cell)
                    .collect(Collectors.joining(", "));
            table.add(List.of(
                    name(row),
                    states.stream().filter(Done.class::isInstance).count() + "/" + states.size(),
                    mean.isPresent() ? score(mean.getAsDouble()) : "-",
                    now));
        }
        return table;
    }

    /** A child in a few words. */
    static String cell(Status state) {
        if (state instanceof Done done) {
            return score(done.score());
        } else if (state instanceof Failed) {
            return "failed";
        } else if (state instanceof Stopped stopped) {
            return stopped.step() == 0 ? "stopped" : "stopped at " + stopped.step();
        } else if (state instanceof Running running) {
            return running(running);
        }
        return state instanceof Waiting waiting && !waiting.reason().isEmpty() ? "waits: " + waiting.reason() : "waits";
    }

    private static String running(Running running) {
        if (running.steps() == 0) {
            return "starts";
        }
        String steps = running.step() + "/" + running.steps();
        if (running.step() == running.steps()) {
            return steps + " scoring";
        }
        String loss = Double.isNaN(running.loss()) ? "" : String.format(Locale.ROOT, " %.3f", running.loss());
        String left = running.secondsLeft().isEmpty()
                ? ""
                : " " + Durations.text(running.secondsLeft().getAsDouble());
        return steps + loss + left;
    }

    private static String score(double score) {
        return String.format(Locale.ROOT, "%.4f", score);
    }

    /**
     * What stands in front of a row: the setting, with the experiment where there are several, by the last parts of its
     * keys.
     */
    private String name(String row) {
        SweepRun child = settings.get(row).get(0);
        String setting =
                !child.variant().isEmpty() ? child.variant() : child.setting().replaceAll("(^|\\s)\\w+\\.", "$1");
        boolean several = progress.sweep().spec().experiments().size() > 1;
        String name = several || setting.isEmpty() ? (child.experiment().id() + " " + setting).strip() : setting;
        return name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME - 3) + "..." : name;
    }

    /** Such as {@code 5 of 12 done, 2 running, 1 failed; 3:20 min left}. */
    public String whole() {
        int all = progress.sweep().runs().size();
        StringBuilder text = new StringBuilder(progress.count(Done.class) + " of " + all + " done");
        count(text, progress.count(Running.class), "running");
        count(text, progress.count(Failed.class), "failed");
        count(text, progress.count(Stopped.class), "stopped");
        OptionalDouble left = progress.secondsLeft();
        boolean goesOn = progress.count(Running.class) + progress.count(Waiting.class) > 0;
        if (goesOn) {
            text.append(left.isPresent() ? "; " + Durations.text(left.getAsDouble()) + " left" : "; time left unknown");
        }
        String last = more.apply(left);
        return text + (last.isEmpty() ? "" : "; " + last);
    }

    private static void count(StringBuilder text, int count, String what) {
        if (count > 0) {
            text.append(", ").append(count).append(' ').append(what);
        }
    }

    private static int widthOf(List<List<String>> table) {
        return widths(table).stream().mapToInt(width -> width + GAP.length()).sum() - GAP.length();
    }

    private static List<Integer> widths(List<List<String>> table) {
        List<Integer> widths = new ArrayList<>();
        for (int column = 0; column < table.get(0).size(); column++) {
            int at = column;
            widths.add(
                    table.stream().mapToInt(row -> row.get(at).length()).max().orElse(0));
        }
        return widths;
    }

    private static List<String> aligned(List<List<String>> table, int width) {
        List<Integer> widths = widths(table);
        List<String> lines = new ArrayList<>();
        for (List<String> row : table) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                line.append(padded(row.get(column), widths.get(column))).append(GAP);
            }
            lines.add(cut(line.toString().stripTrailing(), width));
        }
        return lines;
    }

    /** With too many lines, those of settings in which nothing happens are left out and counted. */
    private List<String> fitted(List<String> lines, int height) {
        if (lines.size() <= height) {
            return new ArrayList<>(lines);
        }
        List<String> shown = new ArrayList<>(List.of(lines.get(0)));
        List<String> rows = List.copyOf(settings.keySet());
        for (int i = 0; i < rows.size() && shown.size() < height - 1; i++) {
            boolean happens = settings.get(rows.get(i)).stream()
                    .map(progress::of)
                    .anyMatch(state -> state instanceof Running || state instanceof Failed);
            if (happens) {
                shown.add(lines.get(i + 1));
            }
        }
        shown.add("... " + (lines.size() - shown.size()) + " more settings");
        return shown;
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    private static String cut(String text, int width) {
        return text.length() <= width ? text : text.substring(0, Math.max(0, width - 3)) + "...";
    }
}
