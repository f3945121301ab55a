package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.provenance.Reproduction;
import dev.switchlab.provenance.Reproduction.Finished;
import dev.switchlab.provenance.ReproductionReport;
import dev.switchlab.provenance.Tolerance;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.StoredRun;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.train.MetricsDigest;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Runs an experiment again, from the provenance of a run alone, and compares. */
@Command(
        name = "reproduce",
        description = "Repeat a finished run from its provenance, as a new run, and say whether it came out the same.",
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:IDENTICAL, every logged value and the final weights are bitwise equal",
            "1:it could not be repeated",
            "2:wrong usage",
            "3:EQUIVALENT, every value is within the tolerance that the report states",
            "4:DIFFERENT",
            "130:stopped by the user"
        })
final class ReproduceCommand implements Callable<Integer> {

    @Mixin
    private RunOptions runs;

    @Mixin
    private TrainingOptions training;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Optional<Integer> followed = training.ranks().join();
        if (followed.isPresent()) {
            return followed.get();
        }
        int ranks;
        try (MirroredBook store = training.open()) {
            Run first = runs.find(store);
            if (!first.status().equals("FINISHED")) {
                throw new IllegalArgumentException("run " + first.runId() + " (" + first.name() + ") is "
                        + first.status() + "; only a finished run can be reproduced; finish it with: make resume RUN="
                        + first.runId());
            }
            Provenance provenance = new StoredRun(store, first).provenance();
            TrainingInput input = training.asked(TrainingInput.of(provenance, first.name()));
            ranks = training.ranks().toLaunch(provenance.computation(), input.experiment());
            if (ranks == 0) {
                return reproduce(store, first, provenance, input);
            }
        }
        return training.launch(ranks);
    }

    private int reproduce(MirroredBook store, Run first, Provenance provenance, TrainingInput input)
            throws IOException {
        Device device = training.startAs(provenance.computation());
        sayWhatDiffers(provenance, input, device);
        String command = training.typed(Map.of("RUN", first.runId()));
        Map<String, String> tags = Map.of("switchlab.reproduces", first.runId());
        TrainingSession.Outcome outcome = training.train(input, device, store, session -> session.train(command, tags));
        return outcome.isComplete()
                ? compare(store, first, provenance, outcome.runId())
                : TrainingOptions.exitCode(outcome);
    }

    /** Before the run, so that nobody waits for what cannot come out the same. */
    private void sayWhatDiffers(Provenance provenance, TrainingInput input, Device device) {
        Provenance now = input.provenance(
                "",
                device,
                input.kernelsOn(device).toString(),
                provenance.digests().initialWeights(),
                training.ranks().world().size(),
                training.ranks().isExpertParallel(input.experiment()));
        Reproduction.conditions(provenance, now)
                .forEach((key, pair) -> System.out.printf(
                        "differs     %s: %s, now %s%n",
                        key, ReproductionReport.show(pair.first()), ReproductionReport.show(pair.second())));
    }

    private static int compare(MirroredBook store, Run first, Provenance provenance, String secondId)
            throws IOException {
        Run second = store.find(secondId);
        Finished one = new Finished(provenance, points(store, first));
        Finished other = new Finished(new StoredRun(store, second).provenance(), points(store, second));
        warnOfTampering(first, one);
        Reproduction reproduction = Reproduction.of(one, other, first.params(), Tolerance.DEFAULT);
        String report = ReproductionReport.of(reproduction, first.runId(), secondId);
        store.book().keep(secondId, ReproductionReport.ARTIFACT, report);
        store.book()
                .tag(secondId, Map.of("switchlab.verdict", reproduction.verdict().name()));
        store.update(second);
        System.out.println();
        System.out.print(report);
        return reproduction.verdict().exitCode();
    }

    private static void warnOfTampering(Run run, Finished finished) {
        String recorded = finished.provenance().digests().metrics();
        if (!MetricsDigest.of(finished.points()).equals(recorded)) {
            System.err.println("WARNING: the values in the book are not those that run " + run.runId()
                    + " logged: the digest of its metrics is another than its provenance says");
        }
    }

    private static Map<String, SortedMap<Long, Double>> points(MirroredBook store, Run run) {
        List<String> ofTraining = run.metrics().keySet().stream()
                .filter(metric -> !MetricNames.isLater(metric))
                .toList();
        return RunOptions.points(store, run.runId(), ofTraining);
    }
}
