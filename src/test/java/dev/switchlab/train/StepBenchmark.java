package dev.switchlab.train;

import ai.djl.Device;
import dev.switchlab.data.Batch;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Prints the median time of a training step of the experiment {@code reference} in ms, on random tokens: the same work that
 * {@code golden/step_time.py} times in the reference. {@code golden/step_time.sh} runs both in turn and prints the ratio.
 */
public final class StepBenchmark {

    private static final int VOCABULARY = 65;
    private static final int WARM_UP = 10;
    private static final int STEPS = 40;

    private StepBenchmark() {}

    /** Runs. The thread count is DJL's system property; arguments are settings to change, such as {@code model.n_experts=64}. */
    public static void main(String[] args) {
        Experiment experiment = ExperimentLoader.load("reference", List.of(args), Path.of("experiments"));
        StringBuilder vocabulary = new StringBuilder();
        for (int i = 0; i < VOCABULARY; i++) {
            vocabulary.append((char) ('!' + i));
        }
        SplittableRandom random = new SplittableRandom(1);
        try (LanguageModel model =
                LanguageModel.create(experiment, CharTokenizer.of(vocabulary.toString()), Device.cpu())) {
            TrainStep trainStep = new TrainStep(model);
            double[] times = new double[STEPS];
            for (int step = 1; step <= WARM_UP + STEPS; step++) {
                Batch batch = batch(experiment, random);
                long start = System.nanoTime();
                trainStep.run(step, List.of(batch), false);
                if (step > WARM_UP) {
                    times[step - WARM_UP - 1] = (System.nanoTime() - start) / 1e6;
                }
            }
            Arrays.sort(times);
            System.out.printf(Locale.ROOT, "%.1f%n", times[STEPS / 2]);
        }
    }

    private static Batch batch(Experiment experiment, SplittableRandom random) {
        int s = experiment.train().seqLen();
        int b = experiment.train().batchSize();
        long[] tokens = random.ints((long) s * b, 0, VOCABULARY).asLongStream().toArray();
        long[] targets = random.ints((long) s * b, 0, VOCABULARY).asLongStream().toArray();
        return new Batch(tokens, targets, s, b);
    }
}
