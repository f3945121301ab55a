package dev.switchlab.train;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import dev.switchlab.data.TextData;
import dev.switchlab.data.TrainingBatches;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.testing.JavaProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The same seed gives the same loss at every step, bit for bit, in two processes; another seed does not. */
@Tag("slow")
class SameBitsTest {

    private static final String SETTINGS =
            "train.steps=30 model.dropout=0.1 model.router_jitter=0.05 model.drop_order=random model.capacity_factor=0.8";

    @Test
    void twoProcessesAgreeToTheBit() throws IOException, InterruptedException {
        List<String> first = losses("seed=1");
        List<String> second = losses("seed=1");
        assertThat(first).hasSize(30).isEqualTo(second);
        assertThat(losses("seed=2")).isNotEqualTo(first);
    }

    @Test
    void soTheyDoWithEveryRouterSetting() throws IOException, InterruptedException {
        String settings = Runs.EVERY_ROUTER.replaceAll("model.(drop_order|capacity_factor)=\\S+ ?", "");
        assertThat(losses(settings)).hasSize(30).isEqualTo(losses(settings));
    }

    @Test
    void soItDoesInBfloat16() {
        String settings = "train.steps=5 train.precision=";
        List<String> first = train(Runs.smoke(settings + "bfloat16"));
        assertThat(train(Runs.smoke(settings + "bfloat16"))).hasSize(5).isEqualTo(first);
        assertThat(train(Runs.smoke(settings + "selective"))).isNotEqualTo(first);
    }

    private static List<String> losses(String settings) throws IOException, InterruptedException {
        return JavaProcess.lines(JavaProcess.of(SameBitsTest.class, settings));
    }

    /** Prints the bits of each step's loss and gradient norm. */
    public static void main(String[] args) {
        train(Runs.smoke(SETTINGS + " " + args[0])).forEach(System.out::println);
    }

    private static List<String> train(Experiment experiment) {
        List<String> lines = new ArrayList<>();
        TextData data = Runs.data(experiment);
        TrainingBatches batches = data.training(experiment);
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            TrainStep trainStep = new TrainStep(model);
            for (int step = 1; step <= experiment.train().steps(); step++) {
                StepMetrics result = trainStep.run(step, List.of(batches.batch(step - 1)), false);
                lines.add(Double.toHexString(result.loss()) + " " + Double.toHexString(result.gradNorm()));
            }
        }
        return lines;
    }
}
