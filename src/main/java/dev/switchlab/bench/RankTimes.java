package dev.switchlab.bench;

import ai.djl.Device;
import dev.switchlab.data.Batch;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.TrainStep;
import dev.switchlab.world.Traffic;
import dev.switchlab.world.World;
import java.util.ArrayList;
import java.util.List;

/**
 * Steps that ranks took together, as rank 0 saw them.
 *
 * @param ms of each step
 * @param communicating ms of each in which it sent, received or waited for others
 * @param bytes that it sent in a step
 * @param memory MB (10^6 bytes) that a rank held at most; the largest of them
 */
public record RankTimes(List<Double> ms, List<Double> communicating, long bytes, double memory) {

    /**
     * Trains on random text. All ranks call it together.
     *
     * @param spread whether each rank has a part of the experts
     * @param warmUp steps that do not count
     */
    public static RankTimes measure(
            World world, Experiment experiment, Kernels kernels, boolean spread, int warmUp, int steps) {
        List<Double> ms = new ArrayList<>();
        List<Double> communicating = new ArrayList<>();
        long bytes = 0;
        RandomText text = new RandomText();
        try (LanguageModel model = LanguageModel.create(
                experiment, RandomText.tokenizer(), Device.cpu(), kernels, spread ? world : World.ofOne())) {
            TrainStep step = new TrainStep(model, world);
            for (int i = 1; i <= warmUp + steps; i++) {
                Batch batch = text.batch(experiment);
                Traffic before = world.traffic();
                long start = System.nanoTime();
                step.run(i, List.of(batch), false);
                if (i > warmUp) {
                    ms.add((System.nanoTime() - start) / 1e6);
                    Traffic own = world.traffic().since(before);
                    communicating.add(own.nanoseconds() / 1e6);
                    bytes = own.bytes();
                }
            }
        }
        double peak = ResidentMemory.read().map(ResidentMemory::peak).orElse(Double.NaN);
        double largest = world.gather(new double[] {peak}).stream()
                .mapToDouble(own -> own[0])
                .max()
                .orElseThrow();
        return new RankTimes(ms, communicating, bytes, largest);
    }
}
