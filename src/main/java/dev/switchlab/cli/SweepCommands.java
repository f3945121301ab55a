package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.experiment.ExperimentException;
import dev.switchlab.paper.PaperSession;
import dev.switchlab.paper.PaperSession.Plan;
import dev.switchlab.paper.PaperSession.ReadyQuestion;
import dev.switchlab.paper.Question;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.EngineStart;
import dev.switchlab.sweep.ResolvedSweep.Conditions;
import dev.switchlab.sweep.RunPlan;
import dev.switchlab.sweep.Status;
import dev.switchlab.sweep.Status.Done;
import dev.switchlab.sweep.Status.Failed;
import dev.switchlab.sweep.Sweep;
import dev.switchlab.sweep.SweepFile;
import dev.switchlab.sweep.SweepSpec;
import dev.switchlab.sweep.SweepSpec.Grid;
import dev.switchlab.sweep.SweepWorker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jline.utils.Signals;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that train many runs, and the command that their processes run. */
final class SweepCommands {

    private static final String STOP = "Ctrl-C ends all runs after the step in progress and saves what was reached; a"
            + " second Ctrl-C ends them at once.";

    private SweepCommands() {}

    @Command(
            name = "sweep",
            description =
                    "Train all combinations of experiments, a grid of settings, and seeds. The same call again trains"
                            + " what is missing.",
            footer = STOP)
    static final class RunSweep implements Callable<Integer> {

        @Mixin
        private ExperimentOptions.Trained experiments;

        @Mixin
        private TrainingOptions training;

        @Mixin
        private SweepOptions sweeps;

        @Option(
                names = "--sweep",
                paramLabel = "ID",
                description = "A file of experiments/sweeps/ without .yaml, or a path, instead of EXPERIMENT and GRID.",
                defaultValue = "")
        private String sweep;

        @Option(
                names = "--grid",
                paramLabel = "KEY=VALUE,VALUE ...",
                description =
                        "Settings to sweep, such as \"model.n_experts=1,2,4 train.z_loss=0,0.001\": all combinations.",
                defaultValue = "")
        private String grid;

        @Option(
                names = "--seeds",
                paramLabel = "FROM..TO|N,N,...",
                description = "One run for each setting and seed (default: 1, or the seeds of the sweep file).",
                defaultValue = "")
        private String seeds;

        @Override
        public Integer call() throws IOException, InterruptedException {
            if (sweep.isBlank() && !experiments.isGiven()) {
                throw new ExperimentException("a sweep needs SWEEP or EXPERIMENT, allowed: SWEEP="
                        + SweepFile.known(experiments.folder()) + ", or EXPERIMENT with GRID or SEEDS, for example:"
                        + " make sweep EXPERIMENT=smoke GRID=\"model.n_experts=1,2,4\" SEEDS=1..3");
            }
            return sweeps.run(sweep.isBlank() ? spec() : fileSpec(), experiments.folder(), training);
        }

        private SweepSpec spec() {
            return SweepSpec.of(
                    experiments.names(ExperimentOptions.Trained.DEFAULT),
                    experiments.changesWithoutSeed(),
                    Grid.parse(grid),
                    seeds(List.of(1L)));
        }

        /** The file, with other seeds if they were given, and with what SET changes in all runs. */
        private SweepSpec fileSpec() {
            if (experiments.isGiven() || !grid.isBlank()) {
                throw new ExperimentException(
                        "SWEEP=" + sweep + " has experiments and a grid of its own, allowed beside it: SEEDS, SET,"
                                + " CORPUS; leave out EXPERIMENT and GRID");
            }
            SweepSpec file = SweepFile.read(sweep.strip(), experiments.folder());
            return file.withSet(experiments.changesWithoutSeed()).withSeeds(seeds(file.seeds()));
        }

        private List<Long> seeds(List<Long> otherwise) {
            if (!seeds.isBlank()) {
                return SweepSpec.parseSeeds(seeds);
            }
            return experiments.seed().map(SweepSpec::parseSeeds).orElse(otherwise);
        }
    }

    @Command(
            name = "paper",
            description =
                    "Run the sweeps of experiments/paper and write experiments/results/RESULTS.md. The same call again"
                            + " trains what is missing.",
            footer = STOP)
    static final class Paper implements Callable<Integer> {

        @Mixin
        private ExperimentOptions.Trained experiments;

        @Mixin
        private TrainingOptions training;

        @Mixin
        private SweepOptions sweeps;

        @Option(
                names = "--question",
                paramLabel = "N,N,...",
                description = "Only these questions (default: all but those whose runs need the whole machine).",
                defaultValue = "")
        private String wanted;

        @Option(
                names = "--quick",
                description =
                        "A fiftieth of the steps and two seeds, to see that everything works. The page is written to"
                                + " the reports of the runs folder.")
        private boolean quick;

        @Option(
                names = "--results",
                paramLabel = "FILE",
                description = "The page to write (default: results/RESULTS.md in the folder of experiments).",
                defaultValue = "")
        private String results;

        @Override
        public Integer call() throws IOException, InterruptedException {
            List<Question> all = Question.all(experiments.folder()).stream()
                    .map(question -> quick ? question.quick(experiments.folder()) : question)
                    .map(question -> question.changed(experiments.changesWithoutSeed()))
                    .toList();
            List<Question> asked = Question.select(all, wanted);
            sweeps.requireLocal();
            training.engine().defaultThreads(1);
            if (sweeps.isDryRun()) {
                for (Question question : asked) {
                    System.out.println(question.number() + ". " + question.question());
                    System.out.print(
                            sweeps.forecast(sweep(question), training.books().folder(), threads(question)));
                }
                return 0;
            }
            List<ReadyQuestion> opened = new ArrayList<>();
            for (Question question : all) {
                Conditions conditions = new Conditions(
                        training.engine().device(),
                        threads(question),
                        training.kernels().orAuto());
                opened.add(ReadyQuestion.of(question, sweep(question), conditions, asked.contains(question)));
            }
            Device device = training.engine().start();
            List<ReadyQuestion> ready =
                    opened.stream().map(question -> question.on(device)).toList();
            try (MirroredBook store = training.open()) {
                return run(plan(asked, ready, device, store), store);
            }
        }

        private Sweep sweep(Question question) {
            return Sweep.of(question.sweep(), experiments.folder());
        }

        private int threads(Question question) {
            return question.asked() == Question.Asked.ON_WHOLE_MACHINE
                    ? EngineStart.threads(0)
                    : training.engine().threads();
        }

        private Plan plan(List<Question> asked, List<ReadyQuestion> all, Device device, MirroredBook store) {
            return new Plan(
                    all.stream()
                            .filter(question -> asked.contains(question.question()))
                            .toList(),
                    all,
                    device,
                    question -> {
                        try {
                            return sweeps.local(
                                    store, device, question.conditions().threads());
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    },
                    sweeps.session(training, true),
                    quick,
                    page());
        }

        private Path page() {
            if (!results.isBlank()) {
                return Path.of(results);
            }
            return quick
                    ? training.books().folder().resolve("reports").resolve("paper-quick.md")
                    : experiments.folder().resolve("results/RESULTS.md");
        }

        private int run(Plan plan, MirroredBook store) throws IOException, InterruptedException {
            SweepConsole.Questions console = new SweepConsole.Questions(System.out, training.books());
            PaperSession session = new PaperSession(plan, store, console);
            String text = "stopping: the step in progress is finished and saved; once more ends it at once ...";
            try (StopSignals signals =
                    SweepOptions.stopping(() -> text, console::println, session::stop, session::kill)) {
                PaperSession.Outcome outcome = session.run();
                return SweepOptions.exitCode(
                        outcome.isDone(), outcome.hasFailures(), outcome.isStopped() ? signals.exitCode() : 1);
            }
        }
    }

    /**
     * Trains one run of a sweep, or continues it. A launcher starts this process and reads its standard output, see
     * {@link Status#line}.
     */
    @Command(name = "worker", description = "Train one run of a sweep, from its plan.", hidden = true)
    static final class Worker implements Callable<Integer> {

        private static final int STOPPED = 130;

        @Mixin
        private BookOptions books;

        @Parameters(paramLabel = "FILE", description = "The plan of the run.")
        private Path file;

        @Option(names = "--watch-input", description = "Stop when standard input ends.")
        private boolean watchInput;

        @Override
        public Integer call() throws IOException {
            AtomicBoolean stop = new AtomicBoolean();
            // Ctrl-C reaches every process at the terminal; only the one that started this process handles it.
            Signals.register("INT", () -> {});
            Signals.register("TERM", () -> stop.set(true));
            if (watchInput) {
                StopSignals.onEndOfInput(() -> stop.set(true));
            }
            RunPlan plan = RunPlan.read(file);
            try (MirroredBook store = books.open()) {
                SweepWorker worker = new SweepWorker(plan, store, stop::get, Worker::print);
                Optional<Status> done = worker.done();
                Status end =
                        done.isPresent() ? done.get() : worker.run(EngineStart.start(plan.device(), plan.threads()));
                print(end);
                return end instanceof Done ? 0 : STOPPED;
            } catch (IOException | RuntimeException e) {
                print(new Failed(Main.message(e), false));
                throw e;
            }
        }

        private static void print(Status status) {
            System.out.println(status.line());
            System.out.flush();
        }
    }
}
