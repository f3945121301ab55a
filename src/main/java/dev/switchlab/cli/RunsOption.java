package dev.switchlab.cli;

import dev.switchlab.runs.mirror.MirroredBook;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Which runs. */
final class RunsOption {

    /** Anything in quotes, or up to a space or comma. */
    private static final Pattern NAME = Pattern.compile("\"([^\"]+)\"|'([^']+)'|[^\\s,\"']+");

    @Option(
            names = "--compare",
            paramLabel = "\"A B\"",
            description =
                    "Runs by id, beginning of an id or name; a sweep or another run that sums up others stands for all finished"
                            + " runs below it, an experiment for all its finished runs. Names with spaces go into quotes.",
            defaultValue = "")
    private String names;

    /** Whether runs were named. */
    boolean isGiven() {
        return !names.isBlank();
    }

    /**
     * What was given, in its order; empty if nothing was. All of it may be the name of one run, which has spaces and
     * commas.
     */
    List<String> names(MirroredBook store) {
        String all = names.strip();
        if (all.matches(".*[\\s,].*") && !store.book().called(all).isEmpty()) {
            return List.of(all);
        }
        return split(all);
    }

    static List<String> split(String names) {
        return NAME.matcher(names).results().map(RunsOption::name).toList();
    }

    private static String name(MatchResult found) {
        return found.group(1) != null ? found.group(1) : found.group(2) != null ? found.group(2) : found.group();
    }
}
