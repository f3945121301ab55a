package dev.switchlab.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import dev.switchlab.data.Batch;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.CapacityScope;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.experiment.ModelConfig.RouterKind;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.nn.AutoregressiveModel;
import dev.switchlab.nn.BatchShard;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.ForwardContext;
import dev.switchlab.nn.LoadBalancingLoss;
import dev.switchlab.nn.RouterZLoss;
import dev.switchlab.nn.StateDict;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.nn.kernel.Script;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One optimizer step: forward, losses, backward, clipping, update, selection bias, moving average. Everything it makes
 * dies with it.
 *
 * <p>Frozen routers keep their weights to the bit, whatever the optimizer does, and the average has these weights, too.
 * Their gradients count in the norm that is clipped.
 */
public final class TrainStep {

    private static final Script COPY = Script.of("average");

    private final LanguageModel model;
    private final TrainConfig config;
    private final RandomStreams streams;
    private final List<Parameter> parameters;
    private final List<NDArray> arrays;
    private final int[] routers;
    private final Set<Parameter> sharded;
    private final LearningRate learningRate;
    private final Optimizer optimizer;
    private final Optional<WeightAverage> average;
    private final NDArray loadBalanceCoefficient;
    private final NDArray zLossCoefficient;
    private final ProcessGroup world;
    private final Consumer<Part> clock;
    private Optional<LanguageModel> teacher = Optional.empty();

    /** The parts of a step, in order. Micro-batches go through the first two again and again. */
    public enum Part {
        /** Tokens to the loss. */
        FORWARD,
        /** The loss to all gradients. */
        BACKWARD,
        /** The gradients' norm, and their scaling where that is not the optimizer's. */
        CLIP,
        /** Gradients to new weights. */
        OPTIMIZER
    }

    /** Steps that train {@code model} as its experiment says; its ranks all call them together. */
    public TrainStep(LanguageModel model) {
        this(model, part -> {});
    }

    /** @param clock is told when a part of a step has ended; on the CPU every operation of the part has run by then */
    public TrainStep(LanguageModel model, Consumer<Part> clock) {
        this.model = model;
        this.clock = clock;
        world = model.group();
        config = model.experiment().train();
        streams = new RandomStreams(model.experiment().seed());
        StateDict trained = model.stateDict().trainable();
        parameters = trained.parameters();
        sharded = model.isSharded()
                ? trained.entries().stream()
                        .filter(entry -> entry.row() >= 0)
                        .map(StateDict.Entry::parameter)
                        .collect(Collectors.toSet())
                : Set.of();
        learningRate = new LearningRate(config, model.experiment().model().dModel());
        arrays = parameters.stream().map(Parameter::getArray).toList();
        routers = routers(trained);
        optimizer = Optimizer.of(config, trained, model.manager());
        average = config.ema() > 0
                ? Optional.of(new WeightAverage(config.ema(), arrays, model.manager()))
                : Optional.empty();
        loadBalanceCoefficient = model.manager().full(new Shape(), (float) config.loadBalance(), DataType.FLOAT32);
        zLossCoefficient = model.manager().full(new Shape(), (float) config.zLoss(), DataType.FLOAT32);
    }

    /** Mixes a teacher's probabilities into the loss. */
    void learnFrom(LanguageModel teacher) {
        this.teacher = Optional.of(teacher);
    }

    /** The trained weights, by index, that {@code train.router_steps} counts for. */
    private int[] routers(StateDict trained) {
        Set<Parameter> routers = trained.entries().stream()
                .filter(entry -> entry.name().contains(".switch."))
                .map(StateDict.Entry::parameter)
                .collect(Collectors.toSet());
        boolean freezes = model.experiment().model().router() == RouterKind.FROZEN;
        return IntStream.range(0, parameters.size())
                .filter(i -> freezes && routers.contains(parameters.get(i)))
                .toArray();
    }

    /** The moving average of the weights, where the recipe has one. */
    public Optional<WeightAverage> average() {
        return average;
    }

    /** Optimizer steps taken so far. */
    int steps() {
        return optimizer.steps();
    }

    /** What is kept from step to step beside the weights, by name, each in the order of the trained weights. */
    Map<String, List<NDArray>> optimizerState() {
        Map<String, List<NDArray>> kept = new LinkedHashMap<>(optimizer.moments());
        average.ifPresent(own -> kept.put("ema", own.values()));
        return kept;
    }

    /** Goes on after {@code steps} steps; what was kept is set through {@link #optimizerState}. */
    void resume(int steps) {
        optimizer.resume(steps);
    }

    /**
     * Trains on {@code batches}, the micro-batches of one step, whose tokens all weigh the same. Ranks all give the
     * whole batches.
     *
     * @param step from 1
     * @param withRouting whether routing statistics are wanted
     */
    @SuppressWarnings("try") // the collector only turns gradients on
    public StepMetrics run(int step, List<Batch> batches, boolean withRouting) {
        Engine.getInstance().setRandomSeed(dropoutSeed(step));
        int tokens = batches.stream().mapToInt(Batch::size).sum();
        try (NDManager scope = model.manager().newSubManager()) {
            StepWeights weights = new StepWeights(scope, model.network(), true);
            Running running = new Running(
                    step,
                    scope,
                    weights,
                    new LoadCounts(scope, model.network().switchLayers()),
                    new StepMetrics.Reading(scope, world),
                    new GradientAllReduce(world, scope, weights, parameters, sharded));
            try (GradientCollector gradientsOn = Engine.getInstance().newGradientCollector()) {
                for (int i = 0; i < batches.size(); i++) {
                    Batch batch = batches.get(i);
                    boolean last = i == batches.size() - 1;
                    backward(running, i, batch, (double) batch.size() / tokens, last, last && withRouting);
                }
            }
            GradientAllReduce.Gradients gradients = running.gradients.all();
            GradientClipping clipping = GradientClipping.of(scope, gradients.norm(), config.gradClip());
            clock.accept(Part.CLIP);
            double rate = learningRate.at(step);
            int[] frozen = step > config.routerSteps() ? routers : new int[0];
            List<NDArray> kept =
                    select(arrays, frozen).stream().map(NDArray::duplicate).toList();
            kept.forEach(weight -> weight.attach(scope));
            optimizer.step(gradients.all(), clipping.divisor(), rate, config.learningRate());
            COPY.run("copy", select(arrays, frozen), kept);
            average.ifPresent(own -> {
                own.update(optimizer.steps());
                COPY.run("copy", select(own.values(), frozen), kept);
            });
            clock.accept(Part.OPTIMIZER);
            if (config.hasSelectionBias()) {
                if (world.size() > 1 && model.experiment().model().capacityScope() == CapacityScope.RANK) {
                    running.counts.sum(world);
                }
                running.counts.moveSelectionBias(config.selectionBiasRate());
            }
            return running.reading.metrics(clipping.norm(), rate);
        }
    }

    private static List<NDArray> select(List<NDArray> all, int[] indices) {
        return Arrays.stream(indices).mapToObj(all::get).toList();
    }

    /** What the micro-batches of a step share. */
    private record Running(
            int step,
            NDManager scope,
            StepWeights weights,
            LoadCounts counts,
            StepMetrics.Reading reading,
            GradientAllReduce gradients) {}

    /** Forward and backward pass of one micro-batch, of which this rank computes its shard. */
    private void backward(
            Running running, int microBatch, Batch whole, double shareOfStep, boolean last, boolean withRouting) {
        try (NDManager micro = running.scope.newSubManager()) {
            BatchShard shard = BatchShard.of(world, whole.batchSize());
            Batch batch = shard.isAll() ? whole : whole.sequences(shard.first(), shard.sequences());
            double share = shareOfStep / world.size();
            Shape shape = new Shape(batch.seqLen(), batch.batchSize());
            NDArray tokens = micro.create(batch.tokens(), shape); // (S, B)
            NDArray targets = micro.create(batch.targets(), shape); // (S, B)
            ForwardContext pass = model.form(pass(micro, running, microBatch)).over(shard);

            AutoregressiveModel.Output output = model.network().forward(pass, tokens);
            NDArray crossEntropy = CrossEntropy.of(output.logits(), targets); // ()
            Map<String, NDArray> parts = new LinkedHashMap<>();
            parts.put(MetricNames.TRAIN_CROSS_ENTROPY, crossEntropy);
            NDArray loss = teacher.map(own -> {
                        NDArray soft =
                                CrossEntropy.withTeacher(output.logits(), probabilities(own, micro, batch)); // ()
                        parts.put(MetricNames.TRAIN_TEACHER_CROSS_ENTROPY, soft);
                        return CrossEntropy.mixed(crossEntropy, soft, config.teacherWeight()); // ()
                    })
                    .orElse(crossEntropy);
            if (!output.routing().isEmpty()) {
                running.counts.add(output.routing());
                NDArray loadBalance = LoadBalancingLoss.of(micro, output.routing(), config.loadBalanceScope()); // ()
                loss = loss.add(loadBalance.mul(loadBalanceCoefficient)); // ()
                parts.put(MetricNames.TRAIN_LOAD_BALANCE, loadBalance);
                if (config.zLoss() > 0) {
                    NDArray zLoss = RouterZLoss.of(output.routing()); // ()
                    loss = loss.add(zLoss.mul(zLossCoefficient)); // ()
                    parts.put(MetricNames.TRAIN_Z_LOSS, zLoss);
                }
            }
            clock.accept(Part.FORWARD);

            NDArray weighted = share == 1 ? loss : loss.mul(micro.full(new Shape(), (float) share, DataType.FLOAT32));
            pass.backward(weighted, last ? running.gradients::complete : layer -> {});
            clock.accept(Part.BACKWARD);
            parts.put(MetricNames.TRAIN_LOSS, loss);
            running.reading.add(share, parts);
            if (withRouting) {
                running.reading.routing(output.routing());
            }
        }
    }

    /** What a teacher thinks of the tokens that follow; it is evaluated, and its weights get no gradients. */
    private static NDArray probabilities(LanguageModel teacher, NDManager micro, Batch batch) {
        return teacher.evaluate(batch, teacher.evaluationDropPolicy(0, 0), output -> {
            NDArray probabilities = output.logits().softmax(-1); // (S, B, V)
            probabilities.attach(micro);
            return probabilities;
        });
    }

    /**
     * Rows of experts have no place in the whole batch: there each rank draws its own dropout, and no draw is that of
     * one process.
     */
    private int dropoutSeed(int step) {
        boolean ofRank = world.size() > 1 && model.experiment().model().expertDropout() > 0;
        return (int)
                (ofRank
                        ? streams.seed(RandomStream.DROPOUT, step, world.rank())
                        : streams.seed(RandomStream.DROPOUT, step));
    }

    private ForwardContext pass(NDManager manager, Running running, int microBatch) {
        return ForwardContext.training(
                manager,
                running.weights,
                DropPolicy.random(streams.generator(RandomStream.DROPPING, running.step, microBatch)),
                layer -> streams.generator(RandomStream.JITTER, running.step, microBatch, layer));
    }
}
