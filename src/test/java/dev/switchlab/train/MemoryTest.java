package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import dev.switchlab.data.TextData;
import dev.switchlab.data.TrainingBatches;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.testing.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Native memory does not grow: neither live arrays nor resident memory over several hundred steps. In a process of its
 * own, whose Java heap is all there from the start: a heap that grows would look like a leak.
 */
@Tag("slow")
class MemoryTest {

    private static final long MIB = 1 << 20;

    @Test
    void liveArraysAndResidentMemoryStayFlat() throws Exception {
        List<String> fixedHeap = List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC");
        List<String> lines = JavaProcess.lines(JavaProcess.withOptions(fixedHeap, MemoryTest.class));
        List<long[]> measured = lines.stream()
                .map(line -> Arrays.stream(line.split(" "))
                        .mapToLong(Long::parseLong)
                        .toArray())
                .toList();
        assertThat(measured).hasSize(4);
        long[] first = measured.get(0);
        long[] last = measured.get(3);
        assertThat(last[1]).as("arrays in %s", lines).isEqualTo(first[1]);
        assertThat(last[2] - first[2]).as("resident MiB in %s", lines).isLessThan(40);
    }

    /** Trains, and prints now and then: step, live arrays, resident MiB. */
    public static void main(String[] args) throws IOException {
        Experiment experiment = Runs.smoke("model.positions=rotary model.dropout=0.1 " + Runs.EVERY_ROUTER);
        TextData data = Runs.data(experiment);
        TrainingBatches batches = data.training(experiment);
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            TrainStep trainStep = new TrainStep(model);
            Evaluator evaluator = new Evaluator(model, data);
            RoutingProbe probe = RoutingProbe.of(model, data).orElseThrow();
            TextGenerator generator = new TextGenerator(model, new Sampler(1, 0));
            for (int step = 1; step <= 400; step++) {
                trainStep.run(step, List.of(batches.batch(step - 1)), true);
                if (step % 50 == 0) {
                    evaluator.evaluate(data.validationSample(experiment), step);
                    probe.at(model, step);
                    generator.generate("The ", 40, new SplittableRandom(step));
                }
                if (step % 100 == 0) {
                    System.out.println(step + " " + liveArrays() + " " + residentBytes() / MIB);
                }
            }
        }
    }

    /** All arrays of all managers. */
    static int liveArrays() {
        try (NDManager any = Engine.getInstance().newBaseManager()) {
            return any.getParentManager().getManagedArrays().size();
        }
    }

    /** Linux only: elsewhere the arrays alone are watched. */
    private static long residentBytes() throws IOException {
        System.gc();
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        String line = Files.readAllLines(status).stream()
                .filter(l -> l.startsWith("VmRSS:"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
    }
}
