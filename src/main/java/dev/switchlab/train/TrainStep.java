package dev.switchlab.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import dev.switchlab.data.Batch;
import dev.switchlab.experiment.CapacityScope;
import dev.switchlab.experiment.TrainConfig;
import dev.switchlab.nn.AutoregressiveModel;
import dev.switchlab.nn.BackwardListener;
import dev.switchlab.nn.BatchPart;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.LoadBalancingLoss;
import dev.switchlab.nn.Pass;
import dev.switchlab.nn.RouterZLoss;
import dev.switchlab.nn.StateDict;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import dev.switchlab.world.World;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * One optimizer step: forward, losses, backward, clipping, update, selection bias, moving average. Everything it makes
 * dies with it.
 */
public final class TrainStep {

    private final LanguageModel model;
    private final TrainConfig config;
    private final RandomStreams streams;
    private final List<Parameter> parameters;
    private final Set<Parameter> spread;
    private final LearningRate learningRate;
    private final Optimizer optimizer;
    private final Optional<WeightAverage> average;
    private final NDArray loadBalanceCoefficient;
    private final NDArray zLossCoefficient;
    private boolean routesOnDevice;
    private final World world;
    private final StepClock clock;

    /** Steps that train {@code model} as its experiment says. */
    public TrainStep(LanguageModel model) {
        this(model, World.ofOne());
    }

    /**
     * The same, shared by ranks: each computes its part of each batch, and all have the same weights after each step.
     */
    public TrainStep(LanguageModel model, World world) {
        this(model, world, StepClock.NONE);
    }

    /** The same, with somebody who wants to know how far a step is. */
    public TrainStep(LanguageModel model, StepClock clock) {
        this(model, World.ofOne(), clock);
    }

    private TrainStep(LanguageModel model, World world, StepClock clock) {
        this.model = model;
        this.world = world;
        this.clock = clock;
        config = model.experiment().train();
        streams = new RandomStreams(model.experiment().seed());
        StateDict trained = model.stateDict().trainable();
        parameters = trained.parameters();
        spread = model.isSpread()
                ? trained.entries().stream()
                        .filter(entry -> entry.row() >= 0)
                        .map(StateDict.Entry::parameter)
                        .collect(Collectors.toSet())
                : Set.of();
        learningRate = new LearningRate(config, model.experiment().model().dModel());
        List<NDArray> weights = parameters.stream().map(Parameter::getArray).toList();
        optimizer = Optimizer.of(config, trained, model.manager());
        average = config.ema() > 0
                ? Optional.of(new WeightAverage(config.ema(), weights, model.manager()))
                : Optional.empty();
        loadBalanceCoefficient = model.manager().full(new Shape(), (float) config.loadBalance(), DataType.FLOAT32);
        zLossCoefficient = model.manager().full(new Shape(), (float) config.zLoss(), DataType.FLOAT32);
    }

    /** From now on the routing plan is made by tensors wherever the model is: so the way of a GPU is tried on a CPU. */
    public void routeOnDevice() {
        routesOnDevice = true;
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
    Map<String, List<NDArray>> kept() {
        Map<String, List<NDArray>> kept = new LinkedHashMap<>(optimizer.moments());
        average.ifPresent(own -> kept.put("ema", own.values()));
        return kept;
    }

    /** Goes on after {@code steps} steps; what was kept is set through {@link #kept}. */
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
    public StepResult run(int step, List<Batch> batches, boolean withRouting) {
        Engine.getInstance().setRandomSeed(dropoutSeed(step));
        int tokens = batches.stream().mapToInt(Batch::size).sum();
        try (NDManager scope = model.manager().newSubManager()) {
            StepWeights weights = new StepWeights(scope, model.network(), true);
            LoadCounts counts = new LoadCounts(scope, model.network().switchLayers());
            StepReading reading = new StepReading(scope, world);
            RankGradients gradients = new RankGradients(world, scope, weights, parameters, spread);
            try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
                for (int i = 0; i < batches.size(); i++) {
                    double share = (double) batches.get(i).size() / tokens;
                    boolean last = i == batches.size() - 1;
                    backward(
                            scope,
                            weights,
                            collector,
                            step,
                            i,
                            batches.get(i),
                            share,
                            last ? gradients.listener() : BackwardListener.NONE,
                            last && withRouting,
                            counts,
                            reading);
                }
            }
            RankGradients.Whole whole = gradients.whole();
            GradientClipping clipping = GradientClipping.of(scope, whole.norm(), config.gradClip());
            clock.ended(StepClock.Part.CLIP);
            double rate = learningRate.at(step);
            optimizer.step(scope, whole.all(), clipping, rate, config.learningRate());
            average.ifPresent(own -> own.update(optimizer.steps()));
            clock.ended(StepClock.Part.OPTIMIZER);
            if (config.hasSelectionBias()) {
                if (world.size() > 1 && model.experiment().model().capacityScope() == CapacityScope.RANK) {
                    counts.sum(world);
                }
                counts.moveSelectionBias(config.selectionBiasRate());
            }
            return reading.result(clipping.norm(), rate);
        }
    }

    private void backward(
            NDManager scope,
            StepWeights weights,
            GradientCollector collector,
            int step,
            int microBatch,
            Batch whole,
            double shareOfAll,
            BackwardListener listener,
            boolean withRouting,
            LoadCounts counts,
            StepReading reading) {
        try (NDManager micro = scope.newSubManager()) {
            BatchPart part = BatchPart.of(world, whole.batchSize());
            Batch batch = part.isAll() ? whole : whole.sequences(part.first(), part.sequences());
            double share = shareOfAll / world.size();
            Shape shape = new Shape(batch.seqLen(), batch.batchSize());
            NDArray tokens = micro.create(batch.tokens(), shape); // (S, B)
            NDArray targets = micro.create(batch.targets(), shape); // (S, B)
            Pass pass = model.form(pass(micro, weights, step, microBatch)).over(part);
            AutoregressiveModel.Output output = model.network().forward(pass, tokens);
            NDArray crossEntropy = CrossEntropy.of(output.logits(), targets); // ()
            NDArray loadBalance = null;
            NDArray zLoss = null;
            NDArray loss = crossEntropy;
            if (!output.routing().isEmpty()) {
                counts.add(output.routing());
                loadBalance = LoadBalancingLoss.of(micro, output.routing(), config.loadBalanceScope()); // ()
                loss = crossEntropy.add(loadBalance.mul(loadBalanceCoefficient)); // ()
                if (config.zLoss() > 0) {
                    zLoss = RouterZLoss.of(output.routing()); // ()
                    loss = loss.add(zLoss.mul(zLossCoefficient)); // ()
                }
            }
            clock.ended(StepClock.Part.FORWARD);
            NDArray weighted = share == 1 ? loss : loss.mul(micro.full(new Shape(), (float) share, DataType.FLOAT32));
            if (pass.isFused()) {
                pass.backward(weighted, listener);
            } else {
                collector.backward(weighted);
            }
            clock.ended(StepClock.Part.BACKWARD);
            reading.add(share, loss, crossEntropy, loadBalance, zLoss);
            if (withRouting) {
                reading.routing(output.routing());
            }
        }
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

    private Pass pass(NDManager manager, StepWeights weights, int step, int microBatch) {
        Pass pass = Pass.training(
                manager,
                weights,
                DropPolicy.random(streams.generator(RandomStream.DROPPING, step, microBatch)),
                layer -> streams.generator(RandomStream.JITTER, step, microBatch, layer));
        return routesOnDevice ? pass.routedOnDevice() : pass;
    }
}
