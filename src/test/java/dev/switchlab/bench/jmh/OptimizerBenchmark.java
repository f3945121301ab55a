package dev.switchlab.bench.jmh;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Parameter;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.train.Adam;
import dev.switchlab.train.AdamConfig;
import dev.switchlab.train.GradientClipping;
import dev.switchlab.train.LanguageModel;
import java.util.List;
import java.util.concurrent.TimeUnit;
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

/** Clipping and one update of all weights of the experiment {@code reference}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class OptimizerBenchmark {

    /** E. */
    @Param({"4", "64"})
    public int experts;

    private LanguageModel model;
    private Adam adam;
    private List<NDArray> gradients;

    /** Makes it. */
    @Setup
    public void prepare() {
        Experiment experiment = Experiment.of(Semantics.REFERENCE, "model.n_experts=" + experts);
        model = LanguageModel.create(experiment, CharTokenizer.of("switch"), Device.cpu());
        List<NDArray> weights = model.stateDict().trainable().parameters().stream()
                .map(Parameter::getArray)
                .toList();
        adam = new Adam(AdamConfig.of(experiment.train()), weights, model.manager());
        gradients = weights.stream()
                .map(w -> model.manager().randomNormal(0, 1, w.getShape(), DataType.FLOAT32))
                .toList();
    }

    /** The norm of all gradients, and the update that divides by it. */
    @Benchmark
    public int update() {
        try (NDManager scope = model.manager().newSubManager()) {
            adam.step(scope, gradients, GradientClipping.of(scope, gradients, 1), 1e-4, 1e-4);
            return adam.steps();
        }
    }

    /** Frees it. */
    @TearDown
    public void close() {
        model.close();
    }
}
