package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.bench.BenchResult;
import dev.switchlab.bench.BenchResult.Table;
import dev.switchlab.bench.BenchText;
import dev.switchlab.bench.Benchmark;
import dev.switchlab.bench.RankBench;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.io.Bar;
import dev.switchlab.io.Json;
import dev.switchlab.io.WholeFile;
import dev.switchlab.provenance.Machine;
import dev.switchlab.session.EngineStart;
import dev.switchlab.sweep.StartTimes;
import dev.switchlab.sweep.WorkerJvm;
import dev.switchlab.train.KernelChoice;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.IntUnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Commands that measure speed. */
final class BenchCommands {

    private static final String DEFAULT_EXPERIMENT = "reference";

    private BenchCommands() {}

    @Command(
            name = "bench",
            description =
                    "Time training, evaluation and generation against the roofline of their matrix products and, on"
                            + " request, interleaved with the reference's own code.",
            footer = "The last line is a summary. Times mean little on a machine that does other work.")
    static final class Bench implements Callable<Integer> {

        private static final String STARTS = "start of a sweep's process";

        @Mixin
        private EngineOptions engine;

        @Mixin
        private EngineOptions.Kernels kernels;

        @Mixin
        private ExperimentOptions experiments;

        @Option(
                names = "--reference",
                paramLabel = "PYTHON",
                description = "A Python with torch that runs the reference's code, whose checkout is on PYTHONPATH.",
                defaultValue = "")
        private String reference;

        @Option(
                names = "--ranks",
                paramLabel = "N,N",
                description =
                        "Instead of everything else, time steps that N processes share by Open MPI, for example 1,2;"
                                + " THREADS is per process (default: the cores divided by N).",
                defaultValue = "")
        private String ranks;

        @Option(names = "--quick", description = "Few variants and rounds: under a minute, and rough.")
        private boolean quick;

        @Option(
                names = "--out",
                paramLabel = "FOLDER",
                description = "The folder for table, JSON and figure (default: ${DEFAULT-VALUE}).",
                defaultValue = "runs/bench")
        private Path out;

        @Override
        public Integer call() throws IOException, InterruptedException {
            Experiment base = experiments.load(DEFAULT_EXPERIMENT);
            Device device = engine.start();
            if (!ranks.isBlank()) {
                timeRanks(base, device);
                return 0;
            }
            Optional<String> python = reference.isBlank() ? Optional.empty() : Optional.of(reference.strip());
            Benchmark.Options options =
                    new Benchmark.Options(base, quick, python, device, engine.threads(), kernels.orAuto());
            BenchResult result;
            Benchmark benchmark = new Benchmark(options);
            try (Bar bar = Bar.ofSteps("bench", benchmark.rounds())) {
                BenchResult measured = benchmark.run(bar);
                bar.stage(STARTS);
                Table starts = starts();
                bar.printLines("\n" + BenchText.of(starts));
                result = measured.with(starts);
            }
            write(result);
            System.out.println("\n" + BenchText.end(result));
            return 0;
        }

        /** Processes as a sweep starts them, with one thread each. */
        private Table starts() throws IOException, InterruptedException {
            WorkerJvm jvm = WorkerJvm.of(Main.class.getName());
            return Table.of("start", STARTS, "process", "child", StartTimes.measure(jvm, 1, quick ? 2 : 10));
        }

        private void write(BenchResult result) throws IOException {
            Path file = file(result.setup().started());
            WholeFile.write(Path.of(file + ".txt"), BenchText.of(result));
            WholeFile.write(
                    Path.of(file + ".json"),
                    Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(result) + "\n");
            WholeFile.write(Path.of(file + ".svg"), BenchText.svg(result));
            System.out.println("\nkept: " + file + ".txt, .json and .svg");
        }

        /** Named by the time of the start, so that no file replaces another. */
        private Path file(String started) {
            return out.resolve(started.replace(":", "").replace("T", "-").replace("Z", ""));
        }

        private void timeRanks(Experiment base, Device device) throws IOException, InterruptedException {
            List<Integer> counts = RankBench.counts(ranks, base);
            String chosen = KernelChoice.of(base, device, Machine.identity(), kernels.orAuto())
                    .toString();
            List<String> program = Main.commandLine(List.of(
                    "bench-ranks",
                    "--experiment",
                    experiments.name(DEFAULT_EXPERIMENT),
                    "--set",
                    experiments.set(),
                    "--experiments",
                    experiments.folder().toString(),
                    "--kernels",
                    chosen));
            IntUnaryOperator threads = count ->
                    engine.askedThreads() > 0 ? engine.askedThreads() : Math.max(1, EngineStart.threads(0) / count);
            String table = new RankBench(base, program, threads, quick).measure(counts, System.out::println);
            Machine machine = Machine.current();
            String text =
                    machine.cpu() + ", " + machine.cores() + " cores; " + base.id() + "; " + chosen + "\n\n" + table;
            System.out.println("\n" + text);
            Path file =
                    Path.of(file(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString()) + "-ranks.txt");
            WholeFile.write(file, text + "\n");
            System.out.println("\nkept: " + file);
        }
    }

    /** One of the processes that {@code bench --ranks} times; the first prints its times as a line of JSON. */
    @Command(name = "bench-ranks", description = "Take steps together with other ranks and time them.", hidden = true)
    static final class BenchRanks implements Callable<Integer> {

        @Mixin
        private EngineOptions engine;

        @Mixin
        private EngineOptions.Kernels kernels;

        @Mixin
        private ExperimentOptions experiments;

        @Option(names = "--sharded", description = "Shard the experts over the ranks.")
        private boolean sharded;

        @Option(names = "--warm-up", required = true)
        private int warmUp;

        @Option(names = "--steps", required = true)
        private int steps;

        @Override
        public Integer call() throws IOException {
            ProcessGroup world = ProcessGroup.start();
            engine.requireCpu("RANKS");
            engine.start();
            RankBench.Times times = RankBench.Times.measure(
                    world, experiments.load(DEFAULT_EXPERIMENT), kernels.asked().orElseThrow(), sharded, warmUp, steps);
            if (world.isFirst()) {
                System.out.println(Json.MAPPER.writeValueAsString(times));
            }
            world.finish();
            return 0;
        }
    }
}
