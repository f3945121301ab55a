package dev.switchlab.cli;

import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.ComparisonText;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.Durations;
import dev.switchlab.io.Screen;
import dev.switchlab.page.TextTable;
import dev.switchlab.runs.BookException;
import dev.switchlab.runs.BookMerge.Merged;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.RunInfo;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.runs.mirror.MlflowEnvironment;
import dev.switchlab.session.Reports;
import dev.switchlab.session.StoredRun;
import dev.switchlab.train.LanguageModel;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Commands on the book of runs: list, compare, report, mirror and merge. */
final class BookCommands {

    private BookCommands() {}

    @Command(name = "runs", description = "List the runs, the newest first.")
    static final class Runs implements Runnable {

        @Mixin
        private BookOptions books;

        @Option(
                names = "--limit",
                paramLabel = "N",
                description = "How many to list at most (default: ${DEFAULT-VALUE}).",
                defaultValue = "50")
        private int limit;

        @Override
        public void run() {
            try (MirroredBook store = books.open()) {
                StoredRun.endKilled(store);
                List<Run> runs = store.book().runs(Optional.empty(), limit);
                if (runs.isEmpty()) {
                    System.out.println("no runs in " + books.folder() + " yet; make one with: make train");
                    return;
                }
                TextTable<Run> table = table(runs);
                System.out.println(
                        (Screen.isTerminal() ? table.within(Screen.size().getColumns()) : table).text());
                int behind = store.behind().size();
                if (behind > 0) {
                    System.out.printf(
                            "%s lacks parts of %d of them; send them with: make flush%n",
                            store.server().orElseThrow(), behind);
                }
            }
        }

        private static TextTable<Run> table(List<Run> runs) {
            Instant now = Instant.now();
            return new TextTable<>(runs)
                    .left("run", Run::shortId)
                    .left("experiment", Run::experiment)
                    .left(
                            "name",
                            run -> run.title()
                                    .substring(run.experiment().length())
                                    .strip())
                    .left("status", Run::status)
                    .left(
                            "age",
                            run -> Durations.text(
                                    Duration.between(run.start(), now).toMillis() / 1e3))
                    .right("train", run -> loss(Comparison.trainingLoss(run)))
                    .right("valid", run -> loss(run.metric(MetricNames.VALID + MetricNames.CROSS_ENTROPY)))
                    .right("final", run -> loss(run.metric(Comparison.FINAL_SCORE)));
        }

        private static String loss(double value) {
            return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
        }
    }

    @Command(
            name = "compare",
            description = "Compare runs by setting: scores with intervals, paired differences over seeds, times.",
            footer = "The page also has curves, experts and single runs; its tables are written beside it as CSV.")
    static final class Compare implements Callable<Integer> {

        @Mixin
        private BookOptions books;

        @Mixin
        private BookOptions.SeveralRuns runs;

        @Override
        public Integer call() throws IOException {
            try (MirroredBook store = books.open()) {
                Comparison comparison = runs.compare(store);
                System.out.println(new ComparisonText(comparison).text());
                System.out.println();
                System.out.println(
                        store.book().isReadOnly()
                                ? "no page is written: " + books.folder() + " can only be read"
                                : "wrote " + new Reports(store).write(comparison, "compare")
                                        + ", and its tables as CSV");
            }
            return 0;
        }
    }

    @Command(
            name = "report",
            description =
                    "Write the report of a run or a sweep, or a comparison of several runs: one HTML file that needs"
                            + " no network.",
            footer =
                    "A training that finishes writes its report by itself; this writes it again, or with another text.")
    static final class Report implements Callable<Integer> {

        /** Characters of a file's name. */
        private static final int LONGEST_NAME = 80;

        @Mixin
        private BookOptions.OneRun run;

        @Mixin
        private BookOptions.SeveralRuns runs;

        @Mixin
        private EngineOptions engine;

        @Mixin
        private BookOptions books;

        @Option(
                names = "--prompt",
                paramLabel = "TEXT",
                description = "The text whose routing is shown (default: the beginning of the validation split).",
                defaultValue = "")
        private String prompt;

        @Override
        public Integer call() throws IOException {
            if (runs.isGiven() && run.isGiven()) {
                throw new IllegalArgumentException(
                        "RUN and RUNS are both given, allowed: RUN for the report of one run, or RUNS to compare"
                                + " several, for example RUNS=\"1a2b3c4d 5e6f7a8b\"");
            }
            try (MirroredBook store = books.open()) {
                if (runs.isGiven()) {
                    compare(store);
                } else {
                    report(store);
                }
            }
            return 0;
        }

        private void compare(MirroredBook store) throws IOException {
            Comparison comparison = runs.compare(store);
            String name = "compare-" + String.join("-", runs.names(store)).replaceAll("[^\\w.=-]+", "-");
            Path page = new Reports(store).write(comparison, name.substring(0, Math.min(LONGEST_NAME, name.length())));
            System.out.println("wrote " + page + ", and its tables as CSV");
        }

        private void report(MirroredBook store) throws IOException {
            Run found = run.find(store);
            StoredRun stored = new StoredRun(store, found);
            Reports reports = new Reports(store);
            if (found.isSummary()) {
                System.out.println("wrote " + reports.write(stored.children(runs.baseline()), found));
            } else {
                try (LanguageModel model = stored.model(engine::start)) {
                    String text = prompt.isEmpty() ? Reports.text(model, stored.data(model)) : prompt;
                    System.out.println("wrote " + reports.write(stored, model, text));
                }
            }
            store.update(found);
            System.out.println("kept as artifact " + Reports.ARTIFACT + " of run " + found.runId());
        }
    }

    @Command(name = "ui", description = "Print how to see the runs in MLflow's UI.")
    static final class Ui implements Runnable {

        @Mixin
        private BookOptions books;

        @Override
        public void run() {
            try (MirroredBook store = books.open()) {
                System.out.println("MLflow's UI (pip install mlflow) opens the book of runs as it is:");
                System.out.println("  cd " + books.folder() + " && mlflow server");
                System.out.println("Before MLflow 3.7, name its files: mlflow server --backend-store-uri"
                        + " sqlite:///mlflow.db --artifacts-destination ./mlartifacts");
                for (Run newest : store.book().runs(Optional.empty(), 1)) {
                    String page = BookOptions.localAddress(newest);
                    System.out.println("Newest run:  " + page);
                    System.out.println("Its experiment:  " + BookOptions.comparison(page));
                    store.address(newest)
                            .ifPresent(there -> System.out.printf(
                                    "On the server:  %s%nIts experiment:  %s%n", there, BookOptions.comparison(there)));
                    if (!store.book().isReadOnly()) {
                        store.book().keepView(newest);
                    }
                }
                System.out.println("From 3.11 on, MLflow itself opens an experiment on an overview for GenAI:"
                        + " click \"Model training\" there, or use these addresses.");
            }
        }
    }

    @Command(
            name = "flush",
            description = "Send to the MLflow server what runs of the book could not send while the server was away.",
            footer = "With RUN, also a run that was trained without a server.")
    static final class Flush implements Callable<Integer> {

        @Mixin
        private BookOptions books;

        @Mixin
        private BookOptions.OneRun run;

        @Override
        public Integer call() {
            try (MirroredBook store = books.open()) {
                URI server = store.server()
                        .orElseThrow(() -> new BookException("no server is named to send runs to; name it, e.g. "
                                + MlflowEnvironment.TRACKING_URI + "=http://127.0.0.1:5000 make flush"));
                StoredRun.endKilled(store);
                List<Run> asked = run.isGiven() ? List.of(run.find(store)) : store.behind();
                Map<String, Run> behind = new LinkedHashMap<>();
                Set<String> seen = new HashSet<>();
                asked.forEach(found -> addFamily(store, found, behind, seen));
                if (behind.isEmpty()) {
                    System.out.println("nothing to send: " + server + " has everything that was meant for it");
                }
                boolean allSent = true;
                for (Run candidate : behind.values()) {
                    if (new StoredRun(store, candidate).isAlive()) {
                        System.out.println("run " + candidate.runId() + " is still training and sends by itself");
                    } else {
                        allSent &= send(store, candidate);
                    }
                }
                return allSent ? 0 : 1;
            }
        }

        /** Adds a run with the runs above it, which it needs on the server, and the runs that it sums up. */
        private static void addFamily(MirroredBook store, Run run, Map<String, Run> family, Set<String> seen) {
            if (!seen.add(run.runId())) {
                return;
            }
            Optional<Run> above = Optional.of(run);
            while (above.isPresent() && family.putIfAbsent(above.get().runId(), above.get()) == null) {
                above = Optional.ofNullable(above.get().tags().get(RunInfo.PARENT_TAG))
                        .flatMap(store.book()::byId);
            }
            if (run.isSummary()) {
                RunSource.of(store).children(run.runId()).forEach(child -> addFamily(store, child, family, seen));
            }
        }

        /** A run that the server refuses does not keep other runs from being sent. */
        private static boolean send(MirroredBook store, Run run) {
            try {
                boolean whole = store.flush(run);
                System.out.println("sent: run " + run.runId()
                        + (whole ? " is whole at " : ", which has not ended, as far as it goes, to ")
                        + store.server().orElseThrow());
                return true;
            } catch (BookException e) {
                System.err.println("switchlab: " + e.getMessage());
                return false;
            }
        }
    }

    @Command(
            name = "merge",
            description = "Copy the runs of another runs folder into this book, with what is needed to resume them.",
            footer = "Runs are matched by id: merging again copies what is new, and nothing twice.")
    static final class Merge implements Callable<Integer> {

        @Mixin
        private BookOptions books;

        @Option(
                names = "--from",
                paramLabel = "FOLDER",
                description = "The other runs folder, which has an mlflow.db.",
                defaultValue = "")
        private String from;

        @Override
        public Integer call() {
            if (from.isBlank()) {
                throw new IllegalArgumentException(
                        "FROM names no folder to merge; allowed: another runs folder, e.g. make merge"
                                + " FROM=../other/runs");
            }
            try (MirroredBook store = books.open()) {
                Merged merged = store.merge(Path.of(from.strip()));
                System.out.printf(
                        "merged %s into %s: %d new, %d with something new, %d unchanged%n",
                        from.strip(),
                        books.folder(),
                        merged.added().size(),
                        merged.grown().size(),
                        merged.unchanged().size());
                return merged.left().isEmpty() ? 0 : 1;
            }
        }
    }
}
