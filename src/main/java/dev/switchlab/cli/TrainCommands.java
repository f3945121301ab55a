package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.provenance.Reproduction;
import dev.switchlab.provenance.ReproductionReport;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
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
            TrainingInput input = training.withKernels(TrainingInput.of(experiment, experiments.changes()));
            Device device = training.start(plan, Optional.empty());
            try (MirroredBook store = training.open()) {
                String call = training.makeCall(Map.of());
                return TrainingOptions.exitCode(
                        training.train(input, device, plan, store, session -> session.train(call, Map.of())));
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

    @Command(
            name = "resume",
            description = "Continue a run that was stopped or killed, as one MLflow run.",
            footer = "The run ends as if it had never been interrupted: equal values at every step, none twice.")
    static final class Resume implements Callable<Integer> {

        @Mixin
        private BookOptions.OneRun runs;

        @Mixin
        private TrainingOptions training;

        @Override
        public Integer call() throws IOException, InterruptedException {
            Optional<Integer> followed = training.follow();
            if (followed.isPresent()) {
                return followed.get();
            }
            RankPlan plan;
            try (MirroredBook store = training.open()) {
                Run run = runs.findUnfinished(store);
                if (run.status().equals("FINISHED")) {
                    throw new IllegalArgumentException("run " + run.runId() + " (" + run.name()
                            + ") is finished; only a run that was stopped, killed or failed can be resumed");
                }
                Provenance begun = new StoredRun(store, run).provenance();
                TrainingInput input = training.withKernels(TrainingInput.of(begun, run.name()));
                plan = training.plan(input.experiment(), Optional.of(begun.computation()));
                if (!training.mustLaunch(plan)) {
                    return resume(store, run, begun, input, plan);
                }
            }
            return training.launch(plan);
        }

        private int resume(MirroredBook store, Run run, Provenance begun, TrainingInput input, RankPlan plan)
                throws IOException {
            Device device = training.start(plan, Optional.of(begun.computation()));
            try (RunLock lock = RunLock.take(store.book().checkpoints(run.runId()), run.runId())) {
                Optional<Checkpoint> checkpoint = Checkpoints.latest(lock.folder(), System.err::println);
                System.out.println(checkpoint
                        .map(found -> "continuing from the checkpoint of step " + found.step())
                        .orElse("no checkpoint in " + lock.folder() + ": all steps are taken again"));
                return TrainingOptions.exitCode(training.train(
                        input, device, plan, store, session -> session.resume(lock, run.runId(), begun, checkpoint)));
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
    static final class Reproduce implements Callable<Integer> {

        @Mixin
        private BookOptions.OneRun runs;

        @Mixin
        private TrainingOptions training;

        @Override
        public Integer call() throws IOException, InterruptedException {
            Optional<Integer> followed = training.follow();
            if (followed.isPresent()) {
                return followed.get();
            }
            RankPlan plan;
            try (MirroredBook store = training.open()) {
                Run first = runs.find(store);
                if (!first.status().equals("FINISHED")) {
                    throw new IllegalArgumentException("run " + first.runId() + " (" + first.name() + ") is "
                            + first.status() + "; only a finished run can be reproduced; finish it with: make resume"
                            + " RUN=" + first.runId());
                }
                RepeatedRun run = new RepeatedRun(store, first, new StoredRun(store, first).provenance());
                TrainingInput input = training.withKernels(TrainingInput.of(run.provenance(), first.name()));
                plan = training.plan(
                        input.experiment(), Optional.of(run.provenance().computation()));
                if (!training.mustLaunch(plan)) {
                    return reproduce(run, input, plan);
                }
            }
            return training.launch(plan);
        }

        private int reproduce(RepeatedRun run, TrainingInput input, RankPlan plan) throws IOException {
            Device device = training.start(plan, Optional.of(run.provenance().computation()));
            // Before the run, so that nobody waits for a result that cannot be identical.
            run.differingConditions(input, device, plan)
                    .forEach((key, pair) -> System.out.printf(
                            "differs     %s: %s, now %s%n",
                            key, ReproductionReport.show(pair.first()), ReproductionReport.show(pair.second())));
            String first = run.first().runId();
            String call = training.makeCall(Map.of("RUN", first));
            Map<String, String> tags = Map.of("switchlab.reproduces", first);
            TrainingSession.Outcome outcome =
                    training.train(input, device, plan, run.store(), session -> session.train(call, tags));
            if (!outcome.isComplete()) {
                return TrainingOptions.exitCode(outcome);
            }
            Reproduction reproduction =
                    run.compare(outcome.runId(), warning -> System.err.println("WARNING: " + warning));
            System.out.println();
            System.out.print(ReproductionReport.of(reproduction, first, outcome.runId()));
            return reproduction.verdict().exitCode();
        }
    }
}
