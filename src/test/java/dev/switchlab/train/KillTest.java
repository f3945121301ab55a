package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.io.WholeFile;
import dev.switchlab.testing.JavaProcess;
import dev.switchlab.testing.Seeded;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A run that is killed and goes on ends as one that was never killed: to the bit, no point twice, none missing. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGKILL")
class KillTest {

    private static final int STEPS = 45;
    private static final int KILLS = 20;

    private static final int KILLED = 128 + 9;

    @TempDir
    Path folder;

    @Test
    void atRandomStepsAndWhileSaving(@Seeded(5) long seed) throws Exception {
        Path whole = Files.createDirectory(folder.resolve("whole"));
        assertThat(train(whole, "never")).isZero();

        SplittableRandom random = new SplittableRandom(seed);
        Path cut = Files.createDirectory(folder.resolve("cut"));
        for (int step : killSteps(random)) {
            String micros = Integer.toString(random.nextInt(8000));
            assertThat(train(cut, "step", Integer.toString(step), micros))
                    .as("exit code when killed %s us after step %d", micros, step)
                    .isEqualTo(KILLED);
        }
        assertThat(train(cut, "never")).isZero();
        assertSame(cut, whole);

        Path torn = Files.createDirectory(folder.resolve("torn"));
        int leftovers = 0;
        for (int attempt = 0; attempt < 3; attempt++) {
            // A few bytes, so that the kill falls before the file is whole and renamed.
            assertThat(train(torn, "saving", Integer.toString(4 + 12 * attempt), "1"))
                    .isEqualTo(KILLED);
            leftovers += leftovers(torn);
        }
        assertThat(leftovers).as("checkpoints cut off while they were written").isPositive();
        assertThat(train(torn, "never")).isZero();
        assertThat(leftovers(torn)).isZero();
        assertSame(torn, whole);
    }

    private static void assertSame(Path actual, Path expected) throws IOException {
        assertThat(points(actual)).isEqualTo(points(expected));
        assertThat(actual.resolve("result")).hasSameTextualContentAs(expected.resolve("result"));
        assertThat(texts(actual))
                .isEqualTo(texts(expected))
                .containsKeys("routing/step-000000.json", "routing/step-000008.json", "routing/step-000045.json");
    }

    /** Samples and the routing of the fixed text, by path. */
    private static Map<String, String> texts(Path run) throws IOException {
        Path folder = run.resolve("texts");
        Map<String, String> texts = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                texts.put(folder.relativize(file).toString(), Files.readString(file));
            }
        }
        return texts;
    }

    /** All points; of throughput, which is never twice the same, only that they are there. */
    private static Map<String, Map<Long, Double>> points(Path run) throws IOException {
        Map<String, Map<Long, Double>> points = FileLog.read(run.resolve("points"));
        points.get("train/tokens_per_second").replaceAll((step, value) -> 0.0);
        return points;
    }

    /** Distinct steps in order: each process goes on from the last checkpoint and is killed at a later step than the one before. */
    private static List<Integer> killSteps(SplittableRandom random) {
        List<Integer> steps = new ArrayList<>(IntStream.range(1, STEPS).boxed().toList());
        while (steps.size() > KILLS) {
            steps.remove(random.nextInt(steps.size()));
        }
        return steps;
    }

    private static int leftovers(Path run) throws IOException {
        int count = 0;
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(run.resolve("checkpoints"), WholeFile.unfinished("step-*"))) {
            for (Path file : files) {
                assertThat(file).isRegularFile();
                count++;
            }
        }
        return count;
    }

    /** The exit code of a training process. */
    private static int train(Path run, String... when) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(run.toString()));
        arguments.addAll(List.of(when));
        Path output = run.resolve("output");
        Process process = JavaProcess.of(KilledTraining.class, arguments.toArray(String[]::new))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("no end after 60 s; its output: " + Files.readString(output));
        }
        if (process.exitValue() != 0 && process.exitValue() != KILLED) {
            throw new AssertionError("exit code " + process.exitValue() + "; its output: " + Files.readString(output));
        }
        assertThat(output)
                .content()
                .as("a step that was taken again gave another value")
                .doesNotContain("gives");
        return process.exitValue();
    }
}
