package dev.switchlab.train;

import dev.switchlab.data.Batch;
import dev.switchlab.data.EvaluationBatches;
import dev.switchlab.data.TextData;
import dev.switchlab.data.TrainingBatches;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import dev.switchlab.tracking.RunLog;
import dev.switchlab.tracking.RunStatus;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The training loop: batch, step, log; now and then an evaluation, a sample, a checkpoint.
 *
 * <p>Losses are logged at every step, routing statistics every {@code log_every} steps.
 */
public final class Trainer {

    /** The training cross-entropy that is reported is a mean over so many steps. */
    private static final int RECENT = 10;

    private static final Sampler SAMPLER = new Sampler(0.8, 0);

    private final LanguageModel model;
    private final TrainConfig config;
    private final RandomStreams streams;
    private final TrainingBatches batches;
    private final EvaluationBatches validationSample;
    private final EvaluationBatches validation;
    private final TrainStep trainStep;
    private final Evaluator evaluator;
    private final RunLog log;
    private final Checkpoints checkpoints;
    private final TrainingProgress progress;
    private final BooleanSupplier stopRequested;
    private final Deque<Double> recent = new ArrayDeque<>();

    /**
     * @param model trained in place
     * @param data what it trains on and is scored on
     * @param log where metrics, samples and weights go
     * @param checkpoints where the state of training is kept
     * @param progress where progress is shown
     * @param stopRequested asked after each step; true ends the run early but in good order
     */
    public Trainer(
            LanguageModel model,
            TextData data,
            RunLog log,
            Checkpoints checkpoints,
            TrainingProgress progress,
            BooleanSupplier stopRequested) {
        Experiment experiment = model.experiment();
        this.model = model;
        this.config = experiment.train();
        this.streams = new RandomStreams(experiment.seed());
        this.batches = data.training(experiment);
        this.validationSample = data.validationSample(experiment);
        this.validation = data.validation(experiment);
        this.trainStep = new TrainStep(model);
        this.evaluator = new Evaluator(model);
        this.log = log;
        this.checkpoints = checkpoints;
        this.progress = progress;
        this.stopRequested = stopRequested;
    }

    /** Trains to the end, or until a stop is asked for. */
    public TrainingResult run() {
        int step = 0;
        boolean stopped = stopRequested.getAsBoolean();
        while (step < config.steps() && !stopped) {
            step++;
            train(step);
            stopped = stopRequested.getAsBoolean();
            boolean last = step == config.steps();
            if (every(config.evalEvery(), step) || last) {
                evaluate(step);
            }
            if (every(config.sampleEvery(), step) && !last) {
                sample(step);
            }
            if (every(config.checkpointEvery(), step) || last || stopped) {
                checkpoints.save(step, model, trainStep.optimizer());
            }
        }
        if (step < config.steps()) {
            return new TrainingResult(RunStatus.KILLED, step, recentMean(), Optional.empty(), Optional.empty());
        }
        progress.stage("scoring the whole validation split");
        Evaluation whole = evaluator.evaluate(validation, step);
        log.metrics(step, whole.metrics("final"));
        return new TrainingResult(
                RunStatus.FINISHED, step, recentMean(), Optional.of(whole), Optional.of(sample(step)));
    }

    private void train(int step) {
        boolean logs = every(config.logEvery(), step) || step == 1 || step == config.steps();
        List<Batch> microBatches = new ArrayList<>();
        for (int i = 0; i < config.accumulate(); i++) {
            microBatches.add(batches.batch((long) (step - 1) * config.accumulate() + i));
        }
        long start = System.nanoTime();
        StepResult result = trainStep.run(step, microBatches, logs);
        double seconds = (System.nanoTime() - start) / 1e9;

        Map<String, Double> metrics = new HashMap<>(result.metrics());
        if (logs) {
            int tokens = microBatches.stream().mapToInt(Batch::size).sum();
            metrics.put("train/tokens_per_second", tokens / seconds);
        }
        log.metrics(step, metrics);
        requireFinite(step, result);
        if (recent.size() == RECENT) {
            recent.removeFirst();
        }
        recent.addLast(result.crossEntropy());
        progress.step(step, result);
    }

    private static void requireFinite(int step, StepResult result) {
        if (!Double.isFinite(result.loss()) || !Double.isFinite(result.gradNorm())) {
            throw new TrainingException(String.format(
                    Locale.ROOT,
                    "training diverged at step %d: loss %s, gradient norm %s; try a lower train.learning_rate or a longer"
                            + " train.warmup",
                    step,
                    result.loss(),
                    result.gradNorm()));
        }
    }

    private void evaluate(int step) {
        Evaluation evaluation = evaluator.evaluate(validationSample, step);
        log.metrics(step, evaluation.metrics("valid"));
        progress.evaluation(step, evaluation);
    }

    private String sample(int step) {
        String text = new TextGenerator(model, SAMPLER)
                .generate(config.samplePrompt(), config.sampleLength(), streams.generator(RandomStream.SAMPLING, step));
        log.text(String.format(Locale.ROOT, "samples/step-%06d.txt", step), text);
        progress.sample(step, text);
        return text;
    }

    private double recentMean() {
        return recent.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
    }

    private static boolean every(int interval, int step) {
        return interval > 0 && step % interval == 0;
    }
}
