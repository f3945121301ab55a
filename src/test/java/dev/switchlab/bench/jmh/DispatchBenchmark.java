package dev.switchlab.bench.jmh;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.nn.SwitchFeedForward;
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

/**
 * A switch layer of the experiment {@code reference}, router and experts included, forward and backward, by form of
 * dispatch.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DispatchBenchmark {

    /** E. */
    @Param({"4", "64"})
    public int experts;

    /** How tokens go to experts. */
    @Param({"batched", "loop"})
    public String dispatch;

    private TrainedBlock<SwitchFeedForward> trained;

    /** Makes it. */
    @Setup
    public void prepare() {
        ModelConfig model = Experiment.of(
                        Semantics.REFERENCE, "model.n_experts=" + experts, "model.dispatch=" + dispatch)
                .model();
        trained = new TrainedBlock<>(new SwitchFeedForward(model, 0), model, 64, 32);
    }

    /** One layer's experts. */
    @Benchmark
    public float dispatch() {
        return trained.forwardAndBackward(
                (pass, x) -> trained.block().forward(pass, x).y());
    }

    /** Frees it. */
    @TearDown
    public void close() {
        trained.close();
    }
}
