package dev.switchlab.cli;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.SharedView;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** The book of runs, and the server that it is mirrored to. */
final class BookOptions {

    /** Where {@code mlflow server} listens by default. */
    private static final String LOCAL = "http://127.0.0.1:5000";

    @Option(
            names = "--tracking-uri",
            paramLabel = "URI",
            description = "The MLflow server to mirror runs to, such as " + LOCAL + " (default: MLFLOW_TRACKING_URI).",
            defaultValue = "")
    private String uri;

    @Option(
            names = "--runs",
            paramLabel = "FOLDER",
            description = "The folder of the book of runs (default: ${DEFAULT-VALUE}).",
            defaultValue = "runs")
    private Path runs;

    /** Opens the book; to be closed. */
    MirroredBook open() {
        Map<String, String> environment = new HashMap<>(System.getenv());
        if (!uri.isBlank()) {
            environment.put(MlflowEnvironment.TRACKING_URI, uri);
        }
        return MirroredBook.open(
                runs, MlflowEnvironment.of(environment), notice -> System.err.println("tracking: " + notice));
    }

    /** The folder of the book. */
    Path folder() {
        return runs;
    }

    /** Where runs are kept, in words. */
    String location(MirroredBook store) {
        return runs.resolve("mlflow.db")
                + store.server().map(uri -> ", mirrored to " + uri).orElse("");
    }

    /** How to see a run in MLflow's UI: its page, then its experiment's, which compares runs. */
    List<String> howToLook(MirroredBook store, Run run) {
        Optional<String> there = store.address(run);
        String page = there.orElseGet(() -> localAddress(run));
        return List.of((there.isPresent() ? "" : "cd " + runs + " && mlflow server, then ") + page, comparison(page));
    }

    /** The address that shows the runs of an experiment in our view. */
    static String comparison(String page) {
        return page.substring(0, page.indexOf("/runs/")) + SharedView.ADDRESS;
    }

    /** The address of a run in the book, served as {@code make ui} says. */
    static String localAddress(Run run) {
        return LOCAL + "/#/experiments/" + run.experimentId() + "/runs/" + run.runId();
    }

    /** One run of the book. */
    static final class OneRun {

        private static final int RECENT = 100;

        @Option(
                names = "--run",
                paramLabel = "ID",
                description = "A run: its id, the first characters of the id, its name, or an experiment for its newest"
                        + " run. Default: the newest that has ended; for resume the newest that is not finished; for"
                        + " flush all that the server lacks.",
                defaultValue = "")
        private String run;

        boolean isGiven() {
            return !run.isBlank();
        }

        /** The named run, else the newest that has ended. */
        Run find(MirroredBook store) {
            return find(
                    store,
                    found -> found.isFinished()
                            || (found.status().equals("KILLED") && (found.isSummary() || hasEndedItself(found))),
                    "there is no run yet; make one with: make train");
        }

        /** The named run, else the newest that was not finished. */
        Run findUnfinished(MirroredBook store) {
            return find(
                    store,
                    found -> !found.status().equals("FINISHED") && !found.isSummary(),
                    "there is no run to resume: all are finished");
        }

        /** Not so a run whose process was killed: it left no weights. */
        private static boolean hasEndedItself(Run run) {
            return run.tags().containsKey("switchlab.metrics_sha256");
        }

        private Run find(MirroredBook store, Predicate<Run> wanted, String none) {
            Optional<String> name = Optional.of(run.strip()).filter(given -> !given.isEmpty());
            List<Run> newest = store.book().runs(name, RECENT);
            if (name.isPresent() && newest.isEmpty()) {
                return store.find(name.get());
            }
            return newest.stream()
                    .filter(found -> wanted.test(found) && (name.isEmpty() || !found.isSummary()))
                    .findFirst()
                    .orElseThrow(() -> new BookException(
                            name.map(given -> "experiment " + given + ": ").orElse("") + none));
        }
    }

    /** Several runs to compare. */
    static final class SeveralRuns {

        /** Anything in quotes, or up to a space or comma. */
        private static final Pattern NAME = Pattern.compile("\"([^\"]+)\"|'([^']+)'|[^\\s,\"']+");

        @Option(
                names = "--compare",
                paramLabel = "\"A B\"",
                description =
                        "Runs by id, first characters of the id, or name; names with spaces in quotes. A sweep stands"
                                + " for its finished runs, an experiment for all of its finished runs.",
                defaultValue = "")
        private String names;

        @Option(
                names = "--baseline",
                paramLabel = "SETTING",
                description =
                        "The setting that all others are compared with: its letter, what distinguishes it, such as"
                                + " model.n_experts=2, or one of its runs (default: the first).",
                defaultValue = "")
        private String baseline;

        boolean isGiven() {
            return !names.isBlank();
        }

        String baseline() {
            return baseline;
        }

        Comparison compare(MirroredBook store) {
            return Comparison.of(RunSource.of(store), names(store), baseline);
        }

        /** The names in order. The whole text may be the name of one run, with spaces and commas in it. */
        List<String> names(MirroredBook store) {
            String all = names.strip();
            if (all.matches(".*[\\s,].*") && !store.book().called(all).isEmpty()) {
                return List.of(all);
            }
            return split(all);
        }

        static List<String> split(String names) {
            return NAME.matcher(names).results().map(SeveralRuns::name).toList();
        }

        private static String name(MatchResult found) {
            return found.group(1) != null ? found.group(1) : found.group(2) != null ? found.group(2) : found.group();
        }
    }
}
