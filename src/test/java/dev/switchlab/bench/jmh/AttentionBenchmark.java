package dev.switchlab.bench.jmh;

import ai.djl.ndarray.NDManager;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.Semantics;
import dev.switchlab.nn.AttentionMask;
import dev.switchlab.nn.MultiHeadAttention;
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

/** Causal attention of the experiment {@code reference}, projections included, forward and backward. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class AttentionBenchmark {

    /** S; as many tokens in all. */
    @Param({"64", "256"})
    public int seqLen;

    private NDManager manager;
    private TrainedBlock<MultiHeadAttention> trained;
    private AttentionMask mask;

    /** Makes it. */
    @Setup
    public void prepare() {
        ModelConfig model = Experiment.of(Semantics.REFERENCE).model();
        manager = NDManager.newBaseManager();
        mask = AttentionMask.causal(manager, seqLen);
        trained = new TrainedBlock<>(
                new MultiHeadAttention(model.heads(), model.dModel(), 0, true, model.positions()),
                model,
                seqLen,
                2048 / seqLen);
    }

    /** One layer's attention. */
    @Benchmark
    public float attention() {
        return trained.forwardAndBackward(
                (pass, x) -> trained.block().forward(pass, x, x, x, mask).y());
    }

    /** Frees it. */
    @TearDown
    public void close() {
        trained.close();
        manager.close();
    }
}
