package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.StoredRun;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.train.Checkpoint;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.RunLock;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Goes on with a run that ended early. */
@Command(
        name = "resume",
        description = "Go on with a run that was stopped or killed, in the same MLflow run.",
        footer = "It ends as if it had never been cut off: the same values at every step, none twice.")
final class ResumeCommand implements Callable<Integer> {

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
            Run run = runs.findUnfinished(store);
            if (run.status().equals("FINISHED")) {
                throw new IllegalArgumentException("run " + run.runId() + " (" + run.name()
                        + ") is finished; only a run that was stopped, killed or failed can go on");
            }
            Provenance begun = new StoredRun(store, run).provenance();
            TrainingInput input = training.asked(TrainingInput.of(begun, run.name()));
            ranks = training.ranks().toLaunch(begun.computation(), input.experiment());
            if (ranks == 0) {
                return resume(store, run, begun, input);
            }
        }
        return training.launch(ranks);
    }

    private int resume(MirroredBook store, Run run, Provenance begun, TrainingInput input) throws IOException {
        Device device = training.startAs(begun.computation());
        try (RunLock lock = RunLock.take(store.book().checkpoints(run.runId()), run.runId())) {
            Optional<Checkpoint> checkpoint = Checkpoints.latest(lock.folder(), System.err::println);
            System.out.println(checkpoint
                    .map(c -> "going on from the checkpoint of step " + c.step())
                    .orElse("there is no checkpoint in " + lock.folder() + ": all steps are taken again"));
            return TrainingOptions.exitCode(training.train(
                    input, device, store, session -> session.resume(lock, run.runId(), begun, checkpoint)));
        }
    }
}
