package dev.switchlab.bench.jmh;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.nn.AttentionMask;
import dev.switchlab.nn.DropPolicy;
import dev.switchlab.nn.ForwardContext;
import dev.switchlab.nn.Initialization;
import dev.switchlab.nn.LabBlock;
import dev.switchlab.nn.MultiHeadAttention;
import dev.switchlab.nn.StepWeights;
import dev.switchlab.nn.SwitchFeedForward;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.testing.JavaProcess;
import dev.switchlab.train.Adam;
import dev.switchlab.train.GradientClipping;
import dev.switchlab.train.LanguageModel;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Benchmarks of parts of the experiment {@code reference}: {@code make bench-jmh}. Arguments are JMH's own, such as
 * {@code Attention -f 3}.
 */
public final class MicroBenchmarks {

    private MicroBenchmarks() {}

    /** Runs the benchmarks on {@code SWITCHLAB_THREADS} threads, else on one. */
    public static void main(String[] args) throws RunnerException, CommandLineOptionException {
        String threads = System.getenv().getOrDefault("SWITCHLAB_THREADS", "1");
        List<String> options = new ArrayList<>(JavaProcess.libraries());
        options.addAll(List.of(
                "-Dai.djl.offline=true",
                "-Dai.djl.pytorch.num_threads=" + threads,
                "-Dai.djl.pytorch.num_interop_threads=1",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"));
        new Runner(new OptionsBuilder()
                        .parent(new CommandLineOptions(args))
                        .jvmArgsAppend(options.toArray(String[]::new))
                        .build())
                .run();
    }

    /** The conditions of all benchmarks. */
    @State(Scope.Benchmark)
    @BenchmarkMode(Mode.AverageTime)
    @OutputTimeUnit(TimeUnit.MILLISECONDS)
    @Fork(1)
    @Warmup(iterations = 3, time = 1)
    @Measurement(iterations = 5, time = 1)
    public abstract static class Part {}

    /** Causal attention, projections included, forward and backward. */
    public static class AttentionBenchmark extends Part {

        private static final int TOKENS = 2048;

        /** S of 2048 tokens. */
        @Param({"64", "256"})
        public int seqLen;

        /** Kernels, or plain operators. */
        @Param({"fused", "loop"})
        public String form;

        private NDManager manager;
        private TrainedBlock<MultiHeadAttention> trained;
        private AttentionMask mask;

        /** Makes the block. */
        @Setup
        public void prepare() {
            ModelConfig model = Experiment.of(Semantics.REFERENCE).model();
            manager = NDManager.newBaseManager();
            mask = AttentionMask.causal(manager, seqLen);
            trained = new TrainedBlock<>(
                    new MultiHeadAttention(model.heads(), model.dModel(), 0, true, model.positions()),
                    model,
                    form,
                    seqLen,
                    TOKENS / seqLen);
        }

        /** One layer's attention. */
        @Benchmark
        public float attention() {
            return trained.forwardAndBackward((pass, x) -> trained.block.forward(pass, x, x, x, mask));
        }

        /** Frees the block. */
        @TearDown
        public void close() {
            trained.close();
            manager.close();
        }
    }

    /** A switch layer, router and experts included, forward and backward, by form of dispatch. */
    public static class DispatchBenchmark extends Part {

        /** E. */
        @Param({"4", "64"})
        public int experts;

        /** The form of dispatch. */
        @Param({"fused", "loop"})
        public String form;

        private TrainedBlock<SwitchFeedForward> trained;

        /** Makes the block. */
        @Setup
        public void prepare() {
            ModelConfig model = Experiment.of(Semantics.REFERENCE, "model.n_experts=" + experts)
                    .model();
            trained = new TrainedBlock<>(new SwitchFeedForward(model, 0), model, form, 64, 32);
        }

        /** One layer's experts. */
        @Benchmark
        public float dispatch() {
            return trained.forwardAndBackward(
                    (pass, x) -> trained.block.forward(pass, x).y());
        }

        /** Frees the block. */
        @TearDown
        public void close() {
            trained.close();
        }
    }

    /** Clipping and one update of all weights. */
    public static class OptimizerBenchmark extends Part {

        /** E. */
        @Param({"4", "64"})
        public int experts;

        private LanguageModel model;
        private Adam adam;
        private List<NDArray> gradients;

        /** Makes model and gradients. */
        @Setup
        public void prepare() {
            Experiment experiment = Experiment.of(Semantics.REFERENCE, "model.n_experts=" + experts);
            model = LanguageModel.create(experiment, CharTokenizer.of("switch"), Device.cpu());
            List<NDArray> weights = model.stateDict().trainable().parameters().stream()
                    .map(Parameter::getArray)
                    .toList();
            adam = new Adam(Adam.Config.of(experiment.train()), weights, model.manager());
            gradients = weights.stream()
                    .map(w -> model.manager().randomNormal(0, 1, w.getShape(), DataType.FLOAT32))
                    .toList();
        }

        /** The norm of all gradients, and the update that divides by it. */
        @Benchmark
        public int update() {
            try (NDManager scope = model.manager().newSubManager()) {
                adam.step(gradients, GradientClipping.of(scope, gradients, 1).divisor(), 1e-4, 1e-4);
                return adam.steps();
            }
        }

        /** Frees the model. */
        @TearDown
        public void close() {
            model.close();
        }
    }

    /** One block with first weights and one input, (S, B, D): forward and backward as in a training step. */
    private static final class TrainedBlock<B extends LabBlock> implements AutoCloseable {

        private final B block;
        private final boolean byKernels;
        private final NDManager manager = NDManager.newBaseManager(Device.cpu());
        private final NDArray x;

        TrainedBlock(B block, ModelConfig model, String form, int seqLen, int batchSize) {
            this.block = block;
            byKernels = form.equals("fused");
            SplittableRandom random = new SplittableRandom(1);
            new Initialization(model, name -> random.split()).apply(block, manager);
            x = manager.randomNormal(0, 1, new Shape(seqLen, batchSize, model.dModel()), DataType.FLOAT32); // (S, B, D)
        }

        /** Returns the loss, the sum of the output of {@code forward}, so that no work can be left out. */
        @SuppressWarnings("try") // a collector turns autograd on by being there
        float forwardAndBackward(BiFunction<ForwardContext, NDArray, NDArray> forward) {
            try (NDManager scope = manager.newSubManager()) {
                StepWeights weights = new StepWeights(scope, block, true);
                ForwardContext plain = ForwardContext.training(
                        scope, weights, DropPolicy.byPosition(), layer -> new SplittableRandom(1));
                ForwardContext pass = byKernels ? plain.by(Kernels.MATRIX) : plain;
                NDArray input = x.stopGradient(); // (S, B, D)
                input.attach(scope);
                input.setRequiresGradient(true);
                try (GradientCollector gradientsOn = Engine.getInstance().newGradientCollector()) {
                    NDArray loss = forward.apply(pass, input).sum(); // ()
                    pass.backward(loss);
                    return loss.getFloat();
                }
            }
        }

        @Override
        public void close() {
            block.clear();
            manager.close();
        }
    }
}
