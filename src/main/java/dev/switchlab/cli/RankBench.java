package dev.switchlab.cli;

import dev.switchlab.bench.RankTable;
import dev.switchlab.bench.RankTimes;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.io.Json;
import dev.switchlab.session.EngineStart;
import dev.switchlab.world.MpiRun;
import dev.switchlab.world.WorldException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Times steps by the number of ranks, each way in processes of its own that take turns, so that a busy minute of the
 * machine falls on all of them.
 *
 * @param experiment what is trained
 * @param kernels what multiplies, the same everywhere
 * @param options of each process: which experiment it is
 * @param threads of each rank; 0 to divide the cores among them
 * @param quick whether it shall be short
 */
record RankBench(Experiment experiment, String kernels, List<String> options, int threads, boolean quick) {

    /** A way to share a step. */
    private record Way(int ranks, boolean spread) {}

    private int threads(Way way) {
        return threads > 0 ? threads : Math.max(1, EngineStart.threads(0) / way.ranks());
    }

    /**
     * The numbers of ranks that are asked for.
     *
     * @param text such as {@code 1,2}
     * @throws IllegalArgumentException in one line
     */
    static List<Integer> counts(String text, Experiment experiment) {
        List<Integer> counts = new ArrayList<>();
        for (String word : text.strip().split("[\\s,]+", -1)) {
            int count = word.matches("[1-9]\\d{0,3}") ? Integer.parseInt(word) : 0;
            if (count == 0 || experiment.train().batchSize() % count != 0) {
                throw new IllegalArgumentException(
                        "RANKS is '" + text + "', allowed with bench: numbers with commas between that divide"
                                + " train.batch_size=" + experiment.train().batchSize() + ", for example RANKS=1,2");
            }
            counts.add(count);
        }
        return counts;
    }

    private List<Way> ways(List<Integer> counts) {
        List<Way> ways = new ArrayList<>();
        for (int count : counts) {
            ways.add(new Way(count, false));
            if (count > 1
                    && experiment.model().feedForward() == FeedForwardKind.SWITCH
                    && experiment.model().dispatch() == DispatchForm.FUSED
                    && experiment.model().nExperts() % count == 0) {
                ways.add(new Way(count, true));
            }
        }
        return ways;
    }

    /** @param turned is told before each turn */
    RankTable measure(List<Integer> counts, Consumer<String> turned) throws IOException, InterruptedException {
        Map<Way, List<RankTimes>> times = new LinkedHashMap<>();
        int rounds = quick ? 1 : 3;
        for (int round = 1; round <= rounds; round++) {
            for (Way way : ways(counts)) {
                turned.accept("round " + round + " of " + rounds + ": " + way.ranks()
                        + (way.ranks() == 1 ? " rank" : way.spread() ? " ranks, experts shared out" : " ranks"));
                times.computeIfAbsent(way, own -> new ArrayList<>()).add(run(way));
            }
        }
        return new RankTable(
                experiment.train().tokensPerBatch(),
                times.entrySet().stream()
                        .map(entry -> RankTable.Row.of(
                                entry.getKey().ranks(),
                                entry.getKey().spread(),
                                threads(entry.getKey()),
                                entry.getValue()))
                        .toList());
    }

    private RankTimes run(Way way) throws IOException, InterruptedException {
        List<String> program = new ArrayList<>();
        program.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        program.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        program.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName(), "bench-ranks"));
        program.addAll(options);
        program.addAll(List.of("--kernels", kernels, "--threads", Integer.toString(threads(way))));
        program.addAll(quick ? List.of("--warm-up", "2", "--steps", "3") : List.of("--warm-up", "5", "--steps", "15"));
        if (way.spread()) {
            program.add("--spread");
        }
        ProcessBuilder builder =
                new ProcessBuilder(way.ranks() == 1 ? program : MpiRun.commandHere(way.ranks(), program));
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new WorldException("the processes of RANKS=" + way.ranks() + " ended with exit code "
                    + process.exitValue() + "; what they said stands above");
        }
        return Json.MAPPER.readValue(out, RankTimes.class);
    }
}
