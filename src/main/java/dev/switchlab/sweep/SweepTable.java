package dev.switchlab.sweep;

import dev.switchlab.io.Durations;
import dev.switchlab.page.TextTable;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Status.Running;
import dev.switchlab.sweep.Status.Stopped;
import dev.switchlab.sweep.Status.Waiting;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A sweep as a table on a terminal: settings down, seeds across, and a line for the whole. If the columns are too wide,
 * the seeds of a setting are counted; if there are too many lines, idle settings are.
 */
public final class SweepTable {

    private static final int LONGEST_NAME = 48;
    private static final int SHORTEST_CELL = 9;

    private final SweepProgress progress;
    private final Function<OptionalDouble, String> more;
    private final List<List<SweepRun>> settings;

    /**
     * @param progress shown as it is at each call of {@link #lines}
     * @param more text after the line for the whole, by the seconds that the sweep may still take
     */
    public SweepTable(SweepProgress progress, Function<OptionalDouble, String> more) {
        this.progress = progress;
        this.more = more;
        this.settings = List.copyOf(progress.sweep().settings().values());
    }

    /**
     * The table now.
     *
     * @param width characters that fit into a line
     * @param height lines that fit
     */
    public List<String> lines(int width, int height) {
        TextTable<List<SweepRun>> table = bySeed();
        List<String> lines = (table.width() > width ? counted() : table).lines();
        List<String> shown = new ArrayList<>(lines.size() < height ? lines : withoutIdle(lines, height - 1));
        shown.add(whole());
        shown.replaceAll(line -> line.length() <= width ? line : line.substring(0, Math.max(0, width - 3)) + "...");
        return shown;
    }

    private TextTable<List<SweepRun>> bySeed() {
        TextTable<List<SweepRun>> table = new TextTable<>(settings).left("setting", this::name);
        for (long seed : progress.sweep().spec().seeds()) {
            table.left("seed " + seed, setting -> {
                String cell = setting.stream()
                        .filter(run -> run.seed() == seed)
                        .map(run -> cell(progress.of(run)))
                        .findFirst()
                        .orElse("-");
                return cell + " ".repeat(Math.max(0, SHORTEST_CELL - cell.length()));
            });
        }
        return table;
    }

    private TextTable<List<SweepRun>> counted() {
        return new TextTable<>(settings)
                .left("setting", this::name)
                .left("done", setting -> scores(setting).size() + "/" + setting.size())
                .left("mean", setting -> {
                    OptionalDouble mean =
                            scores(setting).stream().mapToDouble(score -> score).average();
                    return mean.isPresent() ? score(mean.getAsDouble()) : "-";
                })
                .left(
                        "now",
                        setting -> setting.stream()
                                .map(progress::of)
                                .filter(status -> !(status instanceof Done) && !(status instanceof Waiting))
                                .map(SweepTable::cell)
                                .collect(Collectors.joining(", ")));
    }

    private List<Double> scores(List<SweepRun> setting) {
        return setting.stream()
                .map(progress::of)
                .filter(Done.class::isInstance)
                .map(status -> ((Done) status).score())
                .toList();
    }

    private static String cell(Status status) {
        if (status instanceof Done done) {
            return score(done.score());
        } else if (status instanceof Stopped stopped) {
            return stopped.step() == 0 ? "stopped" : "stopped at " + stopped.step();
        } else if (status instanceof Running running) {
            return cell(running);
        } else if (status instanceof Waiting waiting) {
            return waiting.reason().isEmpty() ? "waits" : "waits: " + waiting.reason();
        }
        return "failed";
    }

    private static String cell(Running running) {
        if (running.steps() == 0) {
            return "starts";
        }
        String steps = running.step() + "/" + running.steps();
        if (running.step() == running.steps()) {
            return steps + " scoring";
        }
        String loss = Double.isNaN(running.loss()) ? "" : String.format(Locale.ROOT, " %.3f", running.loss());
        OptionalDouble left = running.secondsLeft();
        return steps + loss + (left.isPresent() ? " " + Durations.text(left.getAsDouble()) : "");
    }

    private static String score(double score) {
        return String.format(Locale.ROOT, "%.4f", score);
    }

    /** The setting, by the last parts of its keys, with the experiment if there are several. */
    private String name(List<SweepRun> setting) {
        SweepRun run = setting.get(0);
        String text = run.variant().isEmpty() ? Sweep.shortText(run.overrides()) : run.variant();
        boolean several = progress.sweep().spec().experiments().size() > 1;
        String name = several || text.isEmpty() ? (run.experiment().id() + " " + text).strip() : text;
        return name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME - 3) + "..." : name;
    }

    /** Such as {@code 5 of 12 done, 2 running, 1 failed; 3:20 min left}. */
    public String whole() {
        String text =
                progress.count(Done.class) + " of " + progress.sweep().runs().size() + " done"
                        + counted(Running.class, "running")
                        + counted(Failed.class, "failed")
                        + counted(Stopped.class, "stopped");
        OptionalDouble left = progress.secondsLeft();
        if (progress.count(Running.class) + progress.count(Waiting.class) > 0) {
            text += left.isPresent() ? "; " + Durations.text(left.getAsDouble()) + " left" : "; time left unknown";
        }
        String last = more.apply(left);
        return last.isEmpty() ? text : text + "; " + last;
    }

    private String counted(Class<? extends Status> kind, String word) {
        int count = progress.count(kind);
        return count == 0 ? "" : ", " + count + " " + word;
    }

    /** Leaves out and counts the lines of settings in which nothing runs or has failed. */
    private List<String> withoutIdle(List<String> lines, int height) {
        List<String> shown = new ArrayList<>(lines.subList(0, 1));
        for (int i = 0; i < settings.size() && shown.size() < height - 1; i++) {
            boolean isActive = settings.get(i).stream()
                    .map(progress::of)
                    .anyMatch(status -> status instanceof Running || status instanceof Failed);
            if (isActive) {
                shown.add(lines.get(i + 1));
            }
        }
        shown.add("... " + (lines.size() - shown.size()) + " more settings");
        return shown;
    }
}
