package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.provenance.Reproduction;
import dev.switchlab.provenance.ReproductionReport;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.Origins;
import dev.switchlab.session.RankPlan;
import dev.switchlab.session.RepeatedRun;
import dev.switchlab.session.StoredRun;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.sweep.SweepSpec;
import dev.switchlab.sweep.SweepSpec.Grid;
import dev.switchlab.train.Checkpoint;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.RunLock;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Commands that train one run: a new run, an interrupted run to its end, a finished run again. */
final class TrainCommands {

    private TrainCommands() {}

    @Command(
            name = "train",
            description = "Train an experiment and log it to the book of runs.",
            footer = "Ctrl-C ends the run after the step in progress and saves what was reached.")
    static final class Train implements Callable<Integer> {

        @Mixin
        private ExperimentOptions.Trained experiments;

        @Mixin
        private TrainingOptions training;

        @Mixin
        private SweepOptions sweeps;

        @Option(
                names = "--seeds",
                paramLabel = "FROM..TO|N,N,...",
                description = "Train once per seed, as child runs of one parent that gets mean and 95%% confidence"
                        + " interval: the smallest sweep.",
                defaultValue = "")
        private String seeds;

        @Override
        public Integer call() throws IOException, InterruptedException {
            Optional<Integer> followed = training.follow();
            if (followed.isPresent()) {
                return followed.get();
            }
            if (!seeds.isBlank()) {
                training.requireOneRank("SEEDS");
                return sweeps.run(smallestSweep(), experiments.folder(), training);
            }
            Experiment experiment = experiments.load(ExperimentOptions.Trained.DEFAULT);
            if (sweeps.isDryRun()) {
                System.out.print(experiment.toYaml());
                return 0;
            }
            RankPlan plan = training.plan(experiment, Optional.empty());
            if (training.mustLaunch(plan)) {
                return training.launch(plan);
            }
            TrainingInput input =
                    training.withKernels(TrainingInput.of(experiment, experiments.changes(), origins(experiment)));
            Device device = training.start(plan, Optional.empty());
            try (MirroredBook store = training.open()) {
                String call = training.makeCall(Map.of());
                return TrainingOptions.exitCode(
                        training.train(input, device, plan, store, session -> session.train(call, Map.of())));
            }
        }

        /** The book is opened before the text only where a model in it is named. */
        private Origins origins(Experiment experiment) throws IOException {
            if (!experiment.hasOrigins()) {
                return Origins.NONE;
            }
            try (MirroredBook store = training.open()) {
                return Origins.of(experiment, store);
            }
        }

        /** One experiment with several seeds. */
        private SweepSpec smallestSweep() {
            return SweepSpec.of(
                    experiments.names(ExperimentOptions.Trained.DEFAULT),
                    experiments.changesWithoutSeed(),
                    Grid.NONE,
                    SweepSpec.parseSeeds(seeds));
        }
    }

    /** A run of the book is trained as it was recorded. */
    abstract static class Recorded implements Callable<Integer> {

        @Mixin
        private BookOptions.OneRun runs;

        @Mixin
        private TrainingOptions training;

        /** The run to train, or one line why this run cannot be. */
        abstract Run find(BookOptions.OneRun runs, MirroredBook store);

        /** Trains the run, and returns the exit code. */
        abstract int train(TrainingOptions training, StoredRun run, TrainingInput input, RankPlan plan)
                throws IOException;

        @Override
        public final Integer call() throws IOException, InterruptedException {
            Optional<Integer> followed = training.follow();
            if (followed.isPresent()) {
                return followed.get();
            }
            RankPlan plan;
            try (MirroredBook store = training.open()) {
                Run found = find(runs, store);
                StoredRun run = new StoredRun(store, found);
                Provenance recorded = run.provenance();
                TrainingInput input = training.withKernels(
                        TrainingInput.of(recorded, found.name(), Origins.of(recorded.origins(), store)));
                plan = training.plan(input.experiment(), Optional.of(recorded.computation()));
                if (!training.mustLaunch(plan)) {
                    return train(training, run, input, plan);
                }
            }
            return training.launch(plan);
        }
    }

    @Command(
            name = "resume",
            description = "Continue a run that was stopped or killed, as one MLflow run.",
            footer = "The run ends as if it had never been interrupted: equal values at every step, none twice.")
    static final class Resume extends Recorded {

        @Override
        Run find(BookOptions.OneRun runs, MirroredBook store) {
            Run run = runs.findUnfinished(store);
            if (run.isFinished()) {
                throw new IllegalArgumentException("run " + run.runId() + " (" + run.title()
                        + ") is finished; only a run that was stopped, killed or failed can be resumed");
            }
            return run;
        }

        @Override
        int train(TrainingOptions training, StoredRun run, TrainingInput input, RankPlan plan) throws IOException {
            Provenance begun = run.provenance();
            String id = run.run().runId();
            Device device = training.start(plan, Optional.of(begun.computation()));
            try (RunLock lock = RunLock.take(run.store().book().checkpoints(id), id)) {
                Optional<Checkpoint> checkpoint = Checkpoints.latest(lock.folder(), System.err::println);
                System.out.println(checkpoint
                        .map(found -> "continuing from the checkpoint of step " + found.step())
                        .orElse("no checkpoint in " + lock.folder() + ": all steps are taken again"));
                return TrainingOptions.exitCode(training.train(
                        input, device, plan, run.store(), session -> session.resume(lock, id, begun, checkpoint)));
            }
        }
    }

    @Command(
            name = "reproduce",
            description = "Repeat a finished run from its provenance, as a new run, and compare the two.",
            exitCodeListHeading = "Exit codes:%n",
            exitCodeList = {
                "0:IDENTICAL, every logged value and the final weights are equal to the bit",
                "1:the run could not be repeated",
                "2:wrong usage",
                "3:EQUIVALENT, every value is within the tolerance that the report states",
                "4:DIFFERENT",
                "130:stopped by the user"
            })
    static final class Reproduce extends Recorded {

        @Override
        Run find(BookOptions.OneRun runs, MirroredBook store) {
            Run run = runs.find(store);
            if (!run.isFinished()) {
                throw new IllegalArgumentException("run " + run.runId() + " (" + run.title() + ") is " + run.status()
                        + "; only a finished run can be reproduced; finish it with: make resume RUN=" + run.runId());
            }
            return run;
        }

        @Override
        int train(TrainingOptions training, StoredRun run, TrainingInput input, RankPlan plan) throws IOException {
            RepeatedRun repeated = new RepeatedRun(run.store(), run.run(), run.provenance());
            Device device =
                    training.start(plan, Optional.of(repeated.provenance().computation()));
            // Before the run, so that nobody waits for a result that cannot be identical.
            repeated.differingConditions(input, device, plan)
                    .forEach((key, pair) -> System.out.printf(
                            "differs     %s: %s, now %s%n",
                            key, ReproductionReport.show(pair.first()), ReproductionReport.show(pair.second())));
            String first = run.run().runId();
            String call = training.makeCall(Map.of("RUN", first));
            Map<String, String> tags = Map.of("switchlab.reproduces", first);
            TrainingSession.Outcome outcome =
                    training.train(input, device, plan, run.store(), session -> session.train(call, tags));
            if (!outcome.isComplete()) {
                return TrainingOptions.exitCode(outcome);
            }
            Reproduction reproduction =
                    repeated.compare(outcome.runId(), warning -> System.err.println("WARNING: " + warning));
            System.out.println();
            System.out.print(ReproductionReport.of(reproduction, first, outcome.runId()));
            return reproduction.verdict().exitCode();
        }
    }
}
