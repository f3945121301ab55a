package dev.switchlab.cli;

import dev.switchlab.bench.RankBench;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.io.Json;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.world.World;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One of the processes that {@code bench --ranks} times; the first prints what came of it as a line of JSON. */
@Command(name = "bench-ranks", description = "Take steps together with other ranks and time them.", hidden = true)
final class BenchRanksCommand implements Callable<Integer> {

    @Mixin
    private EngineOptions engine;

    @Option(names = "--experiment", required = true)
    private String experiment;

    @Option(names = "--set", defaultValue = "")
    private String set;

    @Option(names = "--experiments", required = true)
    private Path folder;

    @Option(names = "--kernels", required = true)
    private String kernels;

    @Option(names = "--spread")
    private boolean spread;

    @Option(names = "--warm-up", required = true)
    private int warmUp;

    @Option(names = "--steps", required = true)
    private int steps;

    @Override
    public Integer call() throws IOException {
        World world = World.start();
        engine.requireCpu("RANKS");
        engine.start();
        Experiment base = ExperimentLoader.load(experiment, set.isBlank() ? List.of() : List.of(set), folder);
        RankBench.Times times = RankBench.Times.measure(world, base, Kernels.parse(kernels), spread, warmUp, steps);
        if (world.isFirst()) {
            System.out.println(Json.MAPPER.writeValueAsString(times));
        }
        world.finish();
        return 0;
    }
}
