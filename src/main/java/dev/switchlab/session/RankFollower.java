package dev.switchlab.session;

import ai.djl.Device;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.Nobody;
import dev.switchlab.train.Trainer;
import dev.switchlab.world.World;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/** A rank other than the first: it computes its part of each batch, and writes, prints and saves nothing. */
public final class RankFollower {

    private RankFollower() {}

    /**
     * Does what rank 0 says, to the end.
     *
     * @param stopRequested asked after each step; true ends the run on all ranks, in good order
     */
    public static void follow(World world, BooleanSupplier stopRequested) throws IOException {
        RankJob job = RankJob.hear(world);
        Provenance told = job.provenance();
        Device device = EngineStart.start(
                told.computation().device(), told.computation().threads());
        TrainingInput input = TrainingInput.of(told, "");
        Kernels kernels = input.kernelsOn(device);
        boolean spread = told.computation().expertParallel();
        FirstWeights first = FirstWeights.of(input, device, kernels, spread ? world : World.ofOne());
        try (LanguageModel model = first.model()) {
            Provenance own = Provenance.collect(
                            input.experiment(), "", input.text(), device, kernels.toString(), first.digest())
                    .by(world.size(), spread);
            RankJob.requireSame(world, own);
            Nobody nobody = new Nobody();
            Trainer trainer = new Trainer(
                    model, input.data(), nobody, new Checkpoints(Path.of(""), 1), nobody, stopRequested, world);
            job.checkpoint().ifPresent(trainer::resume);
            trainer.run();
            model.whole().close(); // rank 0 saves it
        }
    }
}
