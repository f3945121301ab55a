package dev.switchlab.bench;

import ai.djl.Device;
import dev.switchlab.data.Batch;
import dev.switchlab.distributed.MpiRun;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.distributed.ProcessGroupException;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.io.Json;
import dev.switchlab.page.TextTable;
import dev.switchlab.train.KernelChoice;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.TrainStep;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;

/**
 * Times training steps by the number of ranks. Each way to share a step runs in processes of its own; the ways take
 * turns, so that a busy minute of the machine falls on all of them.
 *
 * @param experiment what is trained
 * @param program starts a process that prints {@link Times} as JSON, with the experiment and the kernels
 * @param threads of each rank, by the number of ranks
 * @param quick whether the benchmark shall be short
 */
public record RankBench(Experiment experiment, List<String> program, IntUnaryOperator threads, boolean quick) {

    /** A way to share a step; {@code sharded}: each rank has a part of the experts. */
    private record Way(int ranks, boolean sharded) {

        String name() {
            return ranks + (ranks == 1 ? "" : sharded ? ", experts sharded" : ", all experts on each");
        }
    }

    /**
     * Steps that ranks took together, as rank 0 saw them.
     *
     * @param ms of each step
     * @param communicating ms of each step in which rank 0 sent, received or waited
     * @param bytes that rank 0 sent in a step
     * @param memory MB (10^6 bytes) that a rank held at most; the largest of all ranks
     */
    public record Times(List<Double> ms, List<Double> communicating, long bytes, double memory) {

        /**
         * Trains on random text. All ranks call it together.
         *
         * @param sharded whether each rank has a part of the experts
         * @param warmUp steps that do not count
         */
        public static Times measure(
                ProcessGroup world, Experiment experiment, String kernels, boolean sharded, int warmUp, int steps) {
            List<Double> ms = new ArrayList<>();
            List<Double> communicating = new ArrayList<>();
            long bytes = 0;
            RandomText text = new RandomText();
            try (LanguageModel model = LanguageModel.create(
                    experiment,
                    RandomText.tokenizer(),
                    Device.cpu(),
                    KernelChoice.of(experiment, Device.cpu(), "", kernels),
                    world,
                    sharded)) {
                TrainStep step = new TrainStep(model);
                for (int i = 1; i <= warmUp + steps; i++) {
                    Batch batch = text.batch(experiment);
                    ProcessGroup.Traffic before = world.traffic();
                    long start = System.nanoTime();
                    step.run(i, List.of(batch), false);
                    if (i > warmUp) {
                        ms.add((System.nanoTime() - start) / 1e6);
                        ProcessGroup.Traffic own = world.traffic().since(before);
                        communicating.add(own.nanoseconds() / 1e6);
                        bytes = own.bytes();
                    }
                }
            }
            double peak = ResidentMemory.read().map(ResidentMemory::peak).orElse(Double.NaN);
            double largest = world.gather(new double[] {peak}).stream()
                    .mapToDouble(own -> own[0])
                    .max()
                    .orElseThrow();
            return new Times(ms, communicating, bytes, largest);
        }
    }

    /**
     * The numbers of ranks that are asked for.
     *
     * @param text such as {@code 1,2}
     * @throws IllegalArgumentException in one line
     */
    public static List<Integer> counts(String text, Experiment experiment) {
        List<Integer> counts = new ArrayList<>();
        for (String word : text.strip().split("[\\s,]+", -1)) {
            int count = word.matches("[1-9]\\d{0,3}") ? Integer.parseInt(word) : 0;
            if (count == 0 || experiment.train().batchSize() % count != 0) {
                throw new IllegalArgumentException(
                        "RANKS is '" + text + "', allowed with bench: numbers separated by commas that divide"
                                + " train.batch_size=" + experiment.train().batchSize() + ", for example RANKS=1,2");
            }
            counts.add(count);
        }
        return counts;
    }

    /**
     * Measures, and returns the table of results.
     *
     * @param turned is told before each turn
     */
    public String measure(List<Integer> counts, Consumer<String> turned) throws IOException, InterruptedException {
        Map<Way, List<Times>> times = new LinkedHashMap<>();
        int rounds = quick ? 1 : 3;
        for (int round = 1; round <= rounds; round++) {
            for (Way way : ways(counts)) {
                turned.accept("round " + round + " of " + rounds + ": " + way.ranks()
                        + (way.ranks() == 1 ? " rank" : way.sharded() ? " ranks, experts sharded" : " ranks"));
                times.computeIfAbsent(way, own -> new ArrayList<>()).add(run(way));
            }
        }
        return text(times);
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

    private Times run(Way way) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(program);
        command.addAll(List.of("--threads", Integer.toString(threads.applyAsInt(way.ranks()))));
        command.addAll(quick ? List.of("--warm-up", "2", "--steps", "3") : List.of("--warm-up", "5", "--steps", "15"));
        if (way.sharded()) {
            command.add("--sharded");
        }
        Process process = new ProcessBuilder(way.ranks() == 1 ? command : MpiRun.commandHere(way.ranks(), command))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        process.getOutputStream().close();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new ProcessGroupException("the processes of RANKS=" + way.ranks() + " ended with exit code "
                    + process.exitValue() + "; their messages are above");
        }
        return Json.MAPPER.readValue(out, Times.class);
    }

    private String text(Map<Way, List<Times>> times) {
        int tokens = experiment.train().tokensPerBatch();
        Map<Way, Timing> steps = timings(times, Times::ms);
        Map<Way, Timing> transfers = timings(times, Times::communicating);
        double first = steps.values().iterator().next().median();
        TextTable<Way> table = new TextTable<>(times.keySet())
                .left("ranks", Way::name)
                .right("threads", way -> Integer.toString(threads.applyAsInt(way.ranks())))
                .right("ms", way -> steps.get(way).text())
                .right("tokens/s", way -> format("%.0f", tokens / steps.get(way).median() * 1000))
                .right("as fast", way -> format("%.2f", first / steps.get(way).median()))
                .right("MB sent", way -> format("%.2f", times.get(way).get(0).bytes() / 1e6))
                .right("in transfer", way -> format("%.2f", transfers.get(way).median()))
                .right("MB memory/rank", way -> format("%.0f", memory(times.get(way))));
        return "training step by ranks (ms: median [quartiles])\n  " + String.join("\n  ", table.lines());
    }

    private static Map<Way, Timing> timings(Map<Way, List<Times>> times, Function<Times, List<Double>> of) {
        Map<Way, Timing> timings = new LinkedHashMap<>();
        times.forEach((way, rounds) -> timings.put(
                way,
                Timing.of(rounds.stream()
                        .flatMap(round -> of.apply(round).stream())
                        .toList())));
        return timings;
    }

    private static double memory(List<Times> rounds) {
        return rounds.stream().mapToDouble(Times::memory).max().orElseThrow();
    }

    private static String format(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
