package dev.switchlab.train;

import dev.switchlab.data.Batch;
import dev.switchlab.data.EvaluationBatches;
import dev.switchlab.data.TextData;
import dev.switchlab.data.Tokenizer;
import dev.switchlab.data.TrainingBatches;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The training loop: batch, step, log; now and then an evaluation, a sample, a checkpoint.
 *
 * <p>Losses are logged at every step, routing statistics every {@code log_every} steps; the routing of a fixed text is
 * kept before the first step, after some early ones, and at every evaluation.
 *
 * <p>Where the recipe averages the weights, it is the average that is evaluated, routes that text and writes samples;
 * it is the model that a run leaves.
 */
public final class Trainer {

    private static final int FIRST_LOOK = 8;
    private static final Sampler SAMPLER = new Sampler(0.8, 0);

    private final LanguageModel model;
    private final String corpusSha256;
    private final TrainConfig config;
    private final RandomStreams streams;
    private final TrainingBatches batches;
    private final EvaluationBatches validationSample;
    private final EvaluationBatches validation;
    private final TrainStep trainStep;
    private final Evaluator evaluator;
    private final Optional<RoutingProbe> probe;
    private final RunLog log;
    private final Checkpoints checkpoints;
    private final TrainingProgress progress;
    private final BooleanSupplier stopRequested;
    private final ProcessGroup world;
    private LoopState state = LoopState.start();

    /**
     * @param model trained in place; its ranks all call this, and the first alone saves, routes the fixed text and
     *     writes samples
     * @param data what it trains on and is scored on
     * @param log where metrics, samples and weights go
     * @param checkpoints where the state of training is kept
     * @param progress where progress is shown
     * @param stopRequested asked after each step; true on any rank ends the run early but in good order
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
        this.corpusSha256 = data.corpus().sha256();
        this.config = experiment.train();
        this.streams = new RandomStreams(experiment.seed());
        this.batches = data.training(experiment);
        this.validationSample = data.validationSample(experiment);
        this.validation = data.validation(experiment);
        this.trainStep = new TrainStep(model);
        this.evaluator = new Evaluator(model, data);
        this.world = model.group();
        this.probe = world.isFirst() ? RoutingProbe.of(model, data) : Optional.empty();
        this.log = log;
        this.checkpoints = checkpoints;
        this.progress = progress;
        this.stopRequested = stopRequested;
    }

    /** Mixes the probabilities of a teacher into the loss; it must outlive the training. */
    public void learnFrom(LanguageModel teacher) {
        trainStep.learnFrom(teacher);
    }

    /**
     * Goes on from a checkpoint instead of from the start.
     *
     * @throws TrainingException if it belongs to another experiment or text
     */
    public void resume(Checkpoint checkpoint) {
        Map<String, String> here = identity(model.experiment(), model.tokenizer(), corpusSha256);
        identity(checkpoint.experiment(), checkpoint.tokenizer(), checkpoint.corpusSha256())
                .forEach((what, value) -> {
                    if (!value.equals(here.get(what))) {
                        throw new TrainingException(
                                "the checkpoint is of another run: its %s is %s, here it is %s; a run goes on only as it began"
                                        .formatted(what, value, here.get(what)));
                    }
                });
        checkpoint.restore(model, trainStep);
        state = checkpoint.loop();
    }

    /** What must be equal in a run that goes on; the keys always are. */
    private static Map<String, String> identity(Experiment experiment, Tokenizer tokenizer, String corpusSha256) {
        Map<String, String> identity = new LinkedHashMap<>();
        experiment.toParams().forEach((key, value) -> identity.put("setting " + key, value));
        identity.put("setting id", experiment.id());
        identity.put("text sha256", corpusSha256);
        identity.put("vocabulary", tokenizer.toString());
        return identity;
    }

    /**
     * Trains to the end, or until a stop is asked for. Then the model has the average of its weights, if there is one.
     */
    public TrainingResult run() {
        boolean stopped = world.any(stopRequested.getAsBoolean());
        if (state.step() == 0) {
            keepRouting(0);
        }
        while (state.step() < config.steps() && !stopped) {
            int step = state.step() + 1;
            train(step);
            stopped = world.any(stopRequested.getAsBoolean());
            boolean last = step == config.steps();
            if (isEarlyLook(step) && !last) {
                keepRouting(step);
            }
            boolean isBest = (every(config.evalEvery(), step) || last) && evaluate(step);
            if (every(config.sampleEvery(), step) && !last) {
                sample(step);
            }
            if (every(config.checkpointEvery(), step) || isBest || last || stopped) {
                save();
            }
        }
        int step = state.step();
        if (world.size() > 1) {
            world.requireSame(Map.of("state after step " + step, model.sharedDigest()));
        }
        trainStep.average().ifPresent(WeightAverage::keepInModel);
        if (step < config.steps()) {
            return result(RunStatus.KILLED, Optional.empty(), Optional.empty());
        }
        progress.stage("scoring the whole validation split");
        Evaluation whole = evaluator.evaluate(validation, step);
        Map<String, Double> scores = new HashMap<>(whole.metrics(MetricNames.FINAL));
        scores.put(MetricNames.FINAL_TRAIN_CROSS_ENTROPY, state.recentMean());
        log(step, scores);
        progress.stage("writing the last sample");
        return result(RunStatus.FINISHED, Optional.of(whole), Optional.of(sample(step)));
    }

    private void train(int step) {
        boolean logs = every(config.logEvery(), step) || step == 1 || step == config.steps();
        List<Batch> microBatches = new ArrayList<>();
        for (int i = 0; i < config.accumulate(); i++) {
            microBatches.add(batches.batch((long) (step - 1) * config.accumulate() + i));
        }
        long start = System.nanoTime();
        StepMetrics result = trainStep.run(step, microBatches, logs);
        double seconds = (System.nanoTime() - start) / 1e9;

        Map<String, Double> metrics = new HashMap<>(result.metrics());
        if (logs) {
            int tokens = microBatches.stream().mapToInt(Batch::size).sum();
            metrics.put(MetricNames.TRAIN_TOKENS_PER_SECOND, tokens / seconds);
        }
        log(step, metrics);
        requireFinite(step, result);
        state = state.stepped(result.crossEntropy());
        progress.step(step, result);
    }

    private static void requireFinite(int step, StepMetrics result) {
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

    /** Whether this is the best score so far. */
    private boolean evaluate(int step) {
        Evaluation evaluation = averaged(() -> evaluator.evaluate(validationSample, step));
        log(step, evaluation.metrics(MetricNames.VALID));
        progress.evaluation(step, evaluation);
        keepRouting(step);
        state = state.evaluated(evaluation.crossEntropy());
        boolean isBest = state.bestStep() == step;
        if (isBest) {
            log(step, Map.of(MetricNames.BEST_CROSS_ENTROPY, state.bestCrossEntropy()));
        }
        return isBest;
    }

    /** Routing moves most before the first evaluation: it is also looked at after 8, 16, 32 ... steps until then. */
    private boolean isEarlyLook(int step) {
        boolean beforeEvaluations = config.evalEvery() == 0 || step < config.evalEvery();
        return beforeEvaluations && step >= FIRST_LOOK && Integer.bitCount(step) == 1;
    }

    private void keepRouting(int step) {
        if (model.isSharded() || probe.isPresent()) {
            onGathered(whole -> probe.map(own -> own.at(whole, step).toJson()))
                    .flatMap(Function.identity())
                    .ifPresent(snapshot -> log.text(RoutingSnapshot.path(step), snapshot));
        }
    }

    private String sample(int step) {
        Optional<String> text = onGathered(whole -> new TextGenerator(whole, SAMPLER)
                .generate(
                        config.samplePrompt(), config.sampleLength(), streams.generator(RandomStream.SAMPLING, step)));
        text.ifPresent(written -> {
            log.text(String.format(Locale.ROOT, "samples/step-%06d.txt", step), written);
            progress.sample(step, written);
        });
        return text.orElse("");
    }

    /**
     * On rank 0 what {@code work} gives on the model with all experts and the average of its weights, if there is one.
     */
    private <T> Optional<T> onGathered(Function<LanguageModel, T> work) {
        if (!world.isFirst() && !model.isSharded()) {
            return Optional.empty();
        }
        return averaged(() -> {
            try (LanguageModel.Gathered whole = model.gathered()) {
                return whole.model().map(work);
            }
        });
    }

    /** What {@code work} gives on the average of the weights, or on themselves where there is none. */
    private <T> T averaged(Supplier<T> work) {
        return trainStep.average().map(average -> average.during(work)).orElseGet(work);
    }

    private void log(int step, Map<String, Double> metrics) {
        log.metrics(step, metrics);
        state = state.logged(step, metrics);
    }

    private void save() {
        if (!world.isFirst() && !model.isSharded()) {
            return;
        }
        Checkpoint checkpoint = Checkpoint.of(model, trainStep, corpusSha256, log.runId(), state);
        if (world.isFirst()) {
            log.sync(); // a checkpoint never knows of points that a kill could still take away
            checkpoints.save(checkpoint);
            state = state.saved(checkpoint.digest());
        }
    }

    private TrainingResult result(RunStatus status, Optional<Evaluation> whole, Optional<String> sample) {
        return new TrainingResult(
                status, state.step(), state.recentMean(), whole, sample, state.metrics(), state.checkpoints());
    }

    private static boolean every(int interval, int step) {
        return interval > 0 && step % interval == 0;
    }
}
