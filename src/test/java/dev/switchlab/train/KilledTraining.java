package dev.switchlab.train;

import ai.djl.Device;
import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.io.WholeFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** A training process, begun or gone on with, that kills itself (SIGKILL) where it is told to. Started by {@link KillTest}. */
final class KilledTraining {

    static final String SETTINGS =
            "train.steps=45 train.log_every=3 train.eval_every=10 train.eval_batches=1 train.checkpoint_every=4 "
                    + "train.sample_every=20 train.sample_length=5 train.batch_size=4 train.seq_len=16 model.dropout=0.1 "
                    + "model.router_jitter=0.01 train_fraction=0.99";

    private static final int SIGKILL = 9;

    private KilledTraining() {}

    /**
     * @param args folder; "never", "step N MICROSECONDS" (so long after step N) or "saving N BYTES" (as soon as the file of a
     *     checkpoint after step N that is being written has so many bytes)
     */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        Kill kill = new Kill(folder.resolve("checkpoints"), args);
        Experiment experiment = Runs.smoke(SETTINGS);
        TextData data = Runs.data(experiment);
        try (FileLog log = new FileLog(folder.resolve("points"));
                LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            Checkpoints checkpoints = new Checkpoints(folder.resolve("checkpoints"), 2);
            Trainer trainer = new Trainer(model, data, log, checkpoints, kill, () -> false);
            Checkpoints.latest(folder.resolve("checkpoints"), System.out::println)
                    .ifPresent(trainer::resume);
            TrainingResult result = trainer.run();
            Files.writeString(
                    folder.resolve("result"),
                    result.metricsDigest() + " " + result.trainCrossEntropy() + " "
                            + result.checkpoints().get(experiment.train().steps()));
        }
    }

    /** Kills this process; there is no way to be cut off more suddenly. */
    private static final class Kill extends Runs.Silent {

        private final Path checkpoints;
        private final String when;
        private final int atStep;
        private final long amount;
        private final Function kill = NativeLibrary.getProcess().getFunction("kill");
        private final Integer[] arguments = {(int) ProcessHandle.current().pid(), SIGKILL};
        private boolean armed;

        Kill(Path checkpoints, String... args) {
            this.checkpoints = checkpoints;
            when = args[1];
            atStep = args.length > 2 ? Integer.parseInt(args[2]) : 0;
            amount = args.length > 3 ? Long.parseLong(args[3]) : 0;
        }

        @Override
        public void step(int step, StepResult result) {
            if (armed || step < atStep || when.equals("never")) {
                return;
            }
            armed = true;
            Thread killer = new Thread(when.equals("step") ? this::later : this::whileSaving);
            killer.setDaemon(true);
            killer.start();
        }

        private void later() {
            LockSupport.parkNanos(1000 * amount);
            kill.invokeInt(arguments);
        }

        private void whileSaving() {
            while (!beingWritten()) {
                Thread.onSpinWait();
            }
            kill.invokeInt(arguments);
        }

        private boolean beingWritten() {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(checkpoints, WholeFile.unfinished("step-*"))) {
                for (Path file : files) {
                    if (Files.size(file) >= amount) {
                        return true;
                    }
                }
            } catch (IOException e) {
                return false; // Not yet there, or moved just now.
            }
            return false;
        }
    }
}
