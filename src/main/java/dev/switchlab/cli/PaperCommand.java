package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.paper.PaperSession;
import dev.switchlab.paper.PaperSession.Plan;
import dev.switchlab.paper.PaperSession.ReadyQuestion;
import dev.switchlab.paper.Question;
import dev.switchlab.paper.Questions;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.EngineStart;
import dev.switchlab.sweep.ResolvedSweep;
import dev.switchlab.sweep.ResolvedSweep.Conditions;
import dev.switchlab.sweep.Sweep;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Answers the questions of the paper with small models. */
@Command(
        name = "paper",
        description =
                "Run the sweeps of experiments/paper and write experiments/results/RESULTS.md; the same call again runs what is missing.",
        footer =
                "Ctrl-C ends all runs after the step in progress and saves what was reached; once more ends them at once.")
final class PaperCommand implements Callable<Integer> {

    @Mixin
    private ExperimentOptions experiments;

    @Mixin
    private TrainingOptions training;

    @Mixin
    private SweepFlags sweeps;

    @Option(
            names = "--question",
            paramLabel = "N,N,...",
            description = "Only these questions (default: all but those that want the whole machine).",
            defaultValue = "")
    private String wanted;

    @Option(
            names = "--quick",
            description =
                    "A twentieth of the steps and two seeds, to see that all of it works; writes to the reports of the runs folder.")
    private boolean quick;

    @Option(
            names = "--results",
            paramLabel = "FILE",
            description = "Where results go (default: results/RESULTS.md in the folder of experiments).",
            defaultValue = "")
    private String results;

    @Option(
            names = "--dry-run",
            description = "Print every run, and the time it may take, and stop.")
    private boolean dryRun;

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<Question> all = Questions.all(experiments.folder()).stream()
                .map(question -> quick ? Questions.quick(question, experiments.folder()) : question)
                .map(question -> Questions.changed(question, experiments.changesWithoutSeed()))
                .toList();
        List<Question> asked = Questions.select(all, wanted);
        sweeps.requireLocal();
        training.engine().defaultThreads(1);
        if (dryRun) {
            for (Question question : asked) {
                System.out.println(question.number() + ". " + question.question());
                sweeps.print(
                        Sweep.of(question.request(), experiments.folder()),
                        conditions(question).threads(),
                        training);
            }
            return 0;
        }
        List<ReadyQuestion> ready = new ArrayList<>();
        for (Question question : all) {
            ready.add(new ReadyQuestion(
                    question, ResolvedSweep.of(Sweep.of(question.request(), experiments.folder()), conditions(question))));
        }
        Device device = training.engine().start();
        ready.replaceAll(question ->
                new ReadyQuestion(question.question(), question.ready().on(device)));
        try (MirroredBook store = training.open()) {
            Plan plan = new Plan(
                    ready.stream()
                            .filter(question -> asked.contains(question.question()))
                            .toList(),
                    ready,
                    device,
                    question -> sweeps.local(
                            store, device, question.ready().conditions().threads()),
                    sweeps.options(training, true),
                    quick,
                    file());
            PaperConsole console = new PaperConsole(System.out, training.books());
            return run(new PaperSession(plan, store, console), console);
        }
    }

    private Conditions conditions(Question question) {
        int threads = question.asked() == Question.Asked.ON_WHOLE_MACHINE
                ? EngineStart.threads(0)
                : training.engine().threads();
        return new Conditions(training.engine().device(), threads, training.kernels());
    }

    private Path file() {
        if (!results.isBlank()) {
            return Path.of(results);
        }
        return quick
                ? training.books().folder().resolve("reports").resolve("paper-quick.md")
                : experiments.folder().resolve("results/RESULTS.md");
    }

    private static int run(PaperSession session, PaperConsole console) throws IOException, InterruptedException {
        try (StopOnSignals signals = new StopOnSignals(count -> {
            if (count == 1) {
                console.say("stopping: the step in progress is finished and saved; once more ends it at once ...");
                session.stop();
            } else {
                session.kill();
            }
        })) {
            PaperSession.Outcome outcome = session.run();
            if (outcome.isDone()) {
                return 0;
            }
            System.out.println("the same call goes on with what is missing"
                    + (outcome.hasFailures() ? ", RETRY=true with what failed, too" : ""));
            return outcome.isStopped() ? signals.exitCode() : 1;
        }
    }
}
