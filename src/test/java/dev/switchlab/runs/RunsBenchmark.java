package dev.switchlab.runs;

import dev.switchlab.train.RunStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the book costs: metrics a second into it; reading a long history; and the time of a step with and without
 * logging.
 *
 * <p>The step is arithmetic on one thread of about as many milliseconds as asked for. Steps with and without logging
 * take turns, so that a machine that becomes slower meanwhile slows both.
 *
 * <p>Usage: {@code java -cp target/test-classes:target/classes:$(cat target/classpath) dev.switchlab.runs.RunsBenchmark
 * [steps] [milliseconds a step]}. Writes to a new temporary folder and leaves it for a look.
 */
final class RunsBenchmark {
    private static final int METRICS_A_STEP = 120;
    private static final int HISTORY_POINTS = 100_000;
    private static final int BLOCKS = 100;
    private static final int BLOCK_STEPS = 10;

    private final Book book;

    private RunsBenchmark(Book book) {
        this.book = book;
    }

    /** Runs everything and prints one line a measurement. */
    public static void main(String[] arguments) throws IOException {
        int steps = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 10_000;
        double stepMillis = arguments.length > 1 ? Double.parseDouble(arguments[1]) : 20;
        Path runs = Files.createTempDirectory("runs-benchmark");
        Book.Options options = new Book.Options(List.of(), Duration.ZERO, System.err::println);
        try (Book book = Book.open(runs, options)) {
            RunsBenchmark benchmark = new RunsBenchmark(book);
            benchmark.throughput("warm-up", Math.max(1, steps / 10));
            benchmark.throughput("as fast as it goes", steps);
            benchmark.history();
            benchmark.stepTime(stepMillis);
        }
        System.out.printf(Locale.ROOT, "book %s: %.1f MB%n", runs, Files.size(runs.resolve("mlflow.db")) / 1e6);
    }

    private void throughput(String name, int steps) {
        long[] calls = new long[steps];
        long start = System.nanoTime();
        double logged;
        try (BookLog log = TestRuns.start(book)) {
            for (int step = 0; step < steps; step++) {
                Map<String, Double> metrics = metrics(step);
                long call = System.nanoTime();
                log.metrics(step, metrics);
                calls[step] = System.nanoTime() - call;
            }
            logged = (System.nanoTime() - start) / 1e9;
            log.finish(RunStatus.FINISHED);
        }
        double stored = (System.nanoTime() - start) / 1e9;
        Arrays.sort(calls);
        System.out.printf(
                Locale.ROOT,
                "%s: %,d metrics handed over after %.2f s, in the book after %.2f s: %,.0f metrics/s;"
                        + " a call of %d metrics: median %.1f us, 99 %% within %.1f us, longest %.1f ms%n",
                name,
                (long) steps * METRICS_A_STEP,
                logged,
                stored,
                (long) steps * METRICS_A_STEP / stored,
                METRICS_A_STEP,
                calls[steps / 2] / 1e3,
                calls[(int) (steps * 0.99)] / 1e3,
                calls[steps - 1] / 1e6);
    }

    private void history() {
        try (BookLog log = TestRuns.start(book)) {
            for (int step = 0; step < HISTORY_POINTS; step++) {
                log.metrics(step, Map.of("train/loss", 1.0 / (step + 1)));
            }
            log.finish(RunStatus.FINISHED);
            for (int i = 0; i < 5; i++) {
                long start = System.nanoTime();
                int points = book.history(log.runId(), "train/loss").size();
                System.out.printf(
                        Locale.ROOT, "history: %,d points read in %.3f s%n", points, (System.nanoTime() - start) / 1e9);
            }
        }
    }

    private void stepTime(double stepMillis) {
        long rounds = calibrate(stepMillis);
        List<Double> without = new ArrayList<>();
        List<Double> with = new ArrayList<>();
        double sum = 0;
        try (BookLog log = TestRuns.start(book)) {
            for (int step = 0; step < BLOCKS * BLOCK_STEPS; step += BLOCK_STEPS) {
                for (int i = 0; i < BLOCK_STEPS; i++) {
                    long start = System.nanoTime();
                    sum += compute(rounds);
                    without.add((System.nanoTime() - start) / 1e6);
                }
                for (int i = 0; i < BLOCK_STEPS; i++) {
                    Map<String, Double> metrics = metrics(step + i);
                    long start = System.nanoTime();
                    sum += compute(rounds);
                    log.metrics(step + i, metrics);
                    with.add((System.nanoTime() - start) / 1e6);
                }
            }
            log.finish(RunStatus.FINISHED);
        }
        System.out.printf(
                Locale.ROOT,
                "step with %d metrics logged: median %.3f ms, without %.3f ms: %+.2f %% (checksum %.3f)%n",
                METRICS_A_STEP,
                median(with),
                median(without),
                100 * (median(with) / median(without) - 1),
                sum);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }

    private static long calibrate(double millis) {
        long rounds = 100_000;
        compute(rounds * 20);
        long start = System.nanoTime();
        compute(rounds * 20);
        return (long) (rounds * 20 * millis * 1e6 / (System.nanoTime() - start));
    }

    private static double compute(long rounds) {
        double x = 0.5;
        for (long i = 0; i < rounds; i++) {
            x = 3.9 * x * (1 - x);
        }
        return x;
    }

    private static Map<String, Double> metrics(int step) {
        Map<String, Double> metrics = new HashMap<>();
        for (int i = 0; i < METRICS_A_STEP; i++) {
            metrics.put("layer" + i / 20 + "/statistic" + i % 5 + "/expert" + i / 5 % 4, Math.sin(step + i));
        }
        return metrics;
    }
}
