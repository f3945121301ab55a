package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import dev.switchlab.data.TextData;
import dev.switchlab.data.TrainingBatches;
import dev.switchlab.experiment.Experiment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Native memory does not grow: neither live arrays nor resident memory over several hundred steps. */
class MemoryTest {

    private static final long MIB = 1 << 20;

    @Test
    void liveArraysAndResidentMemoryStayFlat() throws IOException {
        Experiment experiment = Runs.smoke("model.positions=rotary model.dropout=0.1 model.router_jitter=0.01");
        TextData data = Runs.data(experiment);
        TrainingBatches batches = data.training(experiment);
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            TrainStep trainStep = new TrainStep(model);
            Evaluator evaluator = new Evaluator(model);
            RoutingProbe probe = RoutingProbe.of(model, data).orElseThrow();
            TextGenerator generator = new TextGenerator(model, new Sampler(1, 0));
            int arrays = 0;
            long resident = 0;
            for (int step = 1; step <= 400; step++) {
                trainStep.run(step, List.of(batches.batch(step - 1)), true);
                if (step % 50 == 0) {
                    evaluator.evaluate(data.validationSample(experiment), step);
                    probe.at(step);
                    generator.generate("The ", 40, new java.util.SplittableRandom(step));
                }
                if (step == 100) {
                    arrays = liveArrays();
                    resident = residentBytes();
                }
            }
            assertThat(liveArrays()).isEqualTo(arrays);
            assertThat(residentBytes() - resident).isLessThan(40 * MIB);
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
