package dev.switchlab.cli;

import ai.djl.Device;
import dev.switchlab.bench.BenchResult;
import dev.switchlab.bench.BenchResult.Table;
import dev.switchlab.bench.BenchText;
import dev.switchlab.bench.Benchmark;
import dev.switchlab.bench.RankBench;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.io.Json;
import dev.switchlab.io.WholeFile;
import dev.switchlab.provenance.Machine;
import dev.switchlab.sweep.WorkerJvm;
import dev.switchlab.session.EngineStart;
import dev.switchlab.sweep.StartTimes;
import dev.switchlab.train.KernelChoice;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.IntUnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures how fast it is. */
@Command(
        name = "bench",
        description =
                "Time training, evaluation and generation in turn, against the roofline of their matrix products and, if asked,"
                        + " against the reference's own code.",
        footer = "The last line sums it up. Times of a machine that does other work, too, mean little.")
final class BenchCommand implements Callable<Integer> {

    private static final String STARTS = "start of a child";

    @Mixin
    private EngineOptions engine;

    @Option(
            names = "--experiment",
            paramLabel = "ID",
            description = "What is varied: an experiment with experts (default: ${DEFAULT-VALUE}).",
            defaultValue = "reference")
    private String experiment;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE ...",
            description = "Settings to change in it.",
            defaultValue = "")
    private String set;

    @Option(
            names = "--experiments",
            paramLabel = "FOLDER",
            description = "Where experiment files are (default: ${DEFAULT-VALUE}).",
            defaultValue = "experiments")
    private Path folder;

    @Option(
            names = "--reference",
            paramLabel = "PYTHON",
            description =
                    "A Python with torch; runs the reference's code, whose checkout is on PYTHONPATH, in turn with ours.",
            defaultValue = "")
    private String reference;

    @Option(
            names = "--kernels",
            paramLabel = "auto|KERNELS",
            description = "What multiplies: auto, matrix, convolution, linear, or one per product (default: auto).",
            defaultValue = "auto")
    private String kernels;

    @Option(
            names = "--ranks",
            paramLabel = "N,N",
            description =
                    "Times steps that so many processes share, by Open MPI, instead of all the rest, for example 1,2; THREADS is per process, by default the cores over N.",
            defaultValue = "")
    private String ranks;

    @Option(
            names = "--quick",
            description = "Few variants and rounds: under a minute, and rough.")
    private boolean quick;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            description = "Where table, JSON and figure go (default: ${DEFAULT-VALUE}).",
            defaultValue = "runs/bench")
    private Path out;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Experiment base = ExperimentLoader.load(experiment, set.isBlank() ? List.of() : List.of(set), folder);
        Device device = engine.start();
        Optional<String> python = reference.isBlank() ? Optional.empty() : Optional.of(reference.strip());
        if (!ranks.isBlank()) {
            return byRanks(base, device);
        }
        BenchResult result;
        try (BenchConsole console = new BenchConsole()) {
            result = new Benchmark(
                            new Benchmark.Options(base, quick, python, device, engine.threads(), kernels.strip()), console)
                    .run();
            console.section(STARTS);
            Table starts = starts();
            console.ended(starts);
            result = result.with(starts);
        }
        write(result);
        System.out.println("\n" + BenchText.end(result));
        return 0;
    }

    private int byRanks(Experiment base, Device device) throws IOException, InterruptedException {
        List<Integer> counts = RankBench.counts(ranks, base);
        String fixed = KernelChoice.of(base, device, Machine.identity(), kernels.strip())
                .toString();
        List<String> program = new ArrayList<>();
        program.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        program.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        program.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName(), "bench-ranks"));
        program.addAll(List.of("--experiment", experiment, "--set", set, "--experiments", folder.toString()));
        program.addAll(List.of("--kernels", fixed));
        IntUnaryOperator threads = count ->
                engine.askedThreads() > 0 ? engine.askedThreads() : Math.max(1, EngineStart.threads(0) / count);
        String table = new RankBench(base, program, threads, quick).measure(counts, System.out::println);
        Machine machine = Machine.current();
        String text =
                machine.cpu() + ", " + machine.cores() + " cores; " + base.id() + "; " + fixed + "\n\n" + table;
        System.out.println("\n" + text);
        Path file = out.resolve(
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString().replace(":", "") + "-ranks.txt");
        WholeFile.write(file, text + "\n");
        System.out.println("\nkept: " + file);
        return 0;
    }

    /** Children as a sweep starts them, with one thread each. */
    private Table starts() throws IOException, InterruptedException {
        Map<String, List<Double>> times = StartTimes.measure(WorkerJvm.of(Main.class.getName()), 1, quick ? 2 : 10);
        return Table.of("start", STARTS, "process", "child", times);
    }

    /** The files are called by the time at which it started, so that none replaces another. */
    private void write(BenchResult result) throws IOException {
        String name =
                result.setup().started().replace(":", "").replace("T", "-").replace("Z", "");
        WholeFile.write(out.resolve(name + ".txt"), BenchText.of(result));
        WholeFile.write(
                out.resolve(name + ".json"),
                Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(result) + "\n");
        WholeFile.write(out.resolve(name + ".svg"), BenchText.svg(result));
        System.out.println("\nkept: " + out.resolve(name) + ".txt, .json and .svg");
    }
}
