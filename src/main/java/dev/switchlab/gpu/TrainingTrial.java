package dev.switchlab.gpu;

import dev.switchlab.data.Batch;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.HostCopy;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.StepResult;
import dev.switchlab.train.TrainStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;

/**
 * Some steps of training on random tokens, routed by tensors.
 *
 * @param losses of each step, in nats
 * @param weights digest of the weights at the end
 * @param copies reads of each step
 * @param milliseconds of each step
 */
record TrainingTrial(List<Double> losses, String weights, List<Long> copies, double[] milliseconds) {

    private static final int VOCABULARY = 65;

    /** Trains a new model; {@code after} is told the number of each step that is done. */
    static TrainingTrial run(CheckOptions options, int steps, IntConsumer after) {
        Experiment experiment = options.experiment();
        StringBuilder vocabulary = new StringBuilder();
        for (int i = 0; i < VOCABULARY; i++) {
            vocabulary.append((char) ('!' + i));
        }
        SplittableRandom random = new SplittableRandom(experiment.seed());
        List<Double> losses = new ArrayList<>();
        List<Long> copies = new ArrayList<>();
        double[] milliseconds = new double[steps];
        try (LanguageModel model =
                LanguageModel.create(experiment, CharTokenizer.of(vocabulary.toString()), options.device())) {
            TrainStep trainStep = new TrainStep(model);
            trainStep.routeOnDevice();
            for (int step = 1; step <= steps; step++) {
                Batch batch = batch(experiment, random);
                long before = HostCopy.count();
                long start = System.nanoTime();
                StepResult result = trainStep.run(step, List.of(batch), true);
                milliseconds[step - 1] = (System.nanoTime() - start) / 1e6;
                copies.add(HostCopy.count() - before);
                losses.add(result.loss());
                after.accept(step);
            }
            return new TrainingTrial(losses, model.digest(), copies, milliseconds);
        }
    }

    private static Batch batch(Experiment experiment, SplittableRandom random) {
        int s = experiment.train().seqLen();
        int b = experiment.train().batchSize();
        long[] tokens = random.ints((long) s * b, 0, VOCABULARY).asLongStream().toArray();
        long[] targets = random.ints((long) s * b, 0, VOCABULARY).asLongStream().toArray();
        return new Batch(tokens, targets, s, b);
    }

    /** Median of the later half, when all is warm. */
    double median() {
        double[] warm = Arrays.copyOfRange(milliseconds, milliseconds.length / 2, milliseconds.length);
        Arrays.sort(warm);
        return warm[warm.length / 2];
    }
}
