package dev.switchlab.bench.jmh;

import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs the benchmarks of parts: {@code make bench-jmh}. Arguments are JMH's own, such as {@code Attention -f 3}. */
public final class MicroBenchmarks {

    private MicroBenchmarks() {}

    /** Runs them on {@code SWITCHLAB_THREADS} threads, else on one. */
    public static void main(String[] args) throws RunnerException, CommandLineOptionException {
        String threads = System.getenv().getOrDefault("SWITCHLAB_THREADS", "1");
        new Runner(new OptionsBuilder()
                        .parent(new CommandLineOptions(args))
                        .jvmArgsAppend(
                                "-Dai.djl.offline=true",
                                "-Dai.djl.pytorch.num_threads=" + threads,
                                "-Dai.djl.pytorch.num_interop_threads=1",
                                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
                        .build())
                .run();
    }
}
